"""A producer's search for its coordinator outlives a broker that dies while it is asked."""

import pytest
from aiokafka import errors
from aiokafka.client import CoordinationType

from pipeline.stream.fencing import FencedProducer

NODE_ID = 7


def failing(cause: Exception) -> Exception:
    error = errors.KafkaError(repr(cause))
    error.__cause__ = cause
    return error


async def found_by(producer: FencedProducer, failures: list[Exception]) -> int:
    async def find_once(kind: CoordinationType, key: str) -> int:
        if failures:
            raise failures.pop()
        return NODE_ID

    producer._find_once = find_once
    return await producer._sender._find_coordinator(CoordinationType.TRANSACTION, "app-w1")


@pytest.fixture
async def producer() -> FencedProducer:
    return FencedProducer(transactional_id="app-w1", retry_backoff_ms=1)


async def test_it_asks_again_while_nobody_answers(producer: FencedProducer):
    causes = (errors.KafkaConnectionError(), errors.NodeNotReadyError())
    assert await found_by(producer, [failing(cause) for cause in causes]) == NODE_ID


async def test_another_refusal_is_told(producer: FencedProducer):
    with pytest.raises(errors.KafkaError, match="InvalidTopicError"):
        await found_by(producer, [failing(errors.InvalidTopicError())])
