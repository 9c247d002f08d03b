"""Quotas can be set, seen and lifted."""

from tests.chaos.instruments.quotas import lift_produce_rate, limit_produce_rate, produce_rate
from tests.stream.cluster import until


async def test_a_quota_is_known_to_the_broker_until_it_is_lifted(broker: str, topic_prefix: str):
    """Soon: the broker learns from its controller what that has agreed to."""
    mine, others = f"{topic_prefix}mine", f"{topic_prefix}others"

    async def is_limited() -> bool:
        return await produce_rate(broker, mine) == 12_345

    async def is_free() -> bool:
        return await produce_rate(broker, mine) is None

    await limit_produce_rate(broker, [mine], 12_345)
    await until(is_limited)
    assert await produce_rate(broker, others) is None
    await lift_produce_rate(broker, [mine])
    await until(is_free)
