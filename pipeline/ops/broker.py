"""Does the broker answer? Asked with a real request, at most once in a while."""

import asyncio
from collections.abc import Callable
from time import monotonic

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from pipeline.stream.connection import Broker, client_arguments

ANSWER_DEADLINE_S = 2.0
ANSWER_WORTH_S = 5.0
"""A good answer is believed for this long: probes come often, and each would be a connection."""


class BrokerProbe:
    """Asks a broker for its metadata; a good answer is remembered for a short time."""

    def __init__(self, broker: Broker | str, clock: Callable[[], float] = monotonic) -> None:
        self._broker = broker
        self._clock = clock
        self._answered_at_s: float | None = None

    async def answers(self) -> bool:
        """Whether the broker answers, or did so a moment ago."""
        now_s = self._clock()
        if self._answered_at_s is not None and now_s - self._answered_at_s < ANSWER_WORTH_S:
            return True
        if await broker_answers(self._broker):
            self._answered_at_s = now_s
            return True
        return False


async def broker_answers(broker: Broker | str, deadline_s: float = ANSWER_DEADLINE_S) -> bool:
    """Whether a broker answers a metadata request in time."""
    client = AIOKafkaClient(**client_arguments(broker))
    try:
        async with asyncio.timeout(deadline_s):
            await client.bootstrap()
    except (KafkaError, OSError, TimeoutError):
        return False
    else:
        return True
    finally:
        await client.close()
