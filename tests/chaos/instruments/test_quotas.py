"""Quotas can be set, seen and lifted."""

from tests.chaos.instruments.quotas import lift_produce_rate, limit_produce_rate, produce_rate


async def test_a_quota_is_known_to_the_broker_until_it_is_lifted(broker: str, topic_prefix: str):
    mine, others = f"{topic_prefix}mine", f"{topic_prefix}others"
    await limit_produce_rate(broker, [mine], 12_345)
    assert await produce_rate(broker, mine) == 12_345
    assert await produce_rate(broker, others) is None
    await lift_produce_rate(broker, [mine])
    assert await produce_rate(broker, mine) is None
