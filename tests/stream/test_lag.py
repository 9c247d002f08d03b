"""The lag of a worker, from what aiokafka's consumer and the engine know."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from pipeline.stream import TopicPartition
from pipeline.stream.lag import lag_records

PREFIX = "t1."
SOURCE = TopicPartition("words", 0)


def engine(waiting_records: int, worked_to: int) -> Any:
    return SimpleNamespace(
        waiting_records=waiting_records,
        positions={SOURCE: worked_to},
        settings=SimpleNamespace(topic_prefix=PREFIX),
    )


@pytest.fixture
async def consumer() -> Any:
    """Faust's consumer around real subscription state: fetched to 100, ending at 107."""
    place = KafkaTopicPartition(PREFIX + "words", 0)
    subscription = SubscriptionState(loop=asyncio.get_running_loop())
    subscription.assign_from_user({place})
    state = subscription.subscription.assignment.state_value(place)
    state.reset_to(100)
    state.highwater = 107
    kafka_consumer = SimpleNamespace(_subscription=subscription)
    return SimpleNamespace(_thread=SimpleNamespace(_consumer=kafka_consumer), state=state)


async def test_what_is_not_fetched_is_lag(consumer: Any) -> None:
    """The engine's position stands before the marker of a transaction; it does not count."""
    assert lag_records(consumer, engine(waiting_records=0, worked_to=99)) == {SOURCE: 7}


async def test_what_is_fetched_but_waits_is_lag_too(consumer: Any) -> None:
    assert lag_records(consumer, engine(waiting_records=10, worked_to=90)) == {SOURCE: 17}


async def test_a_worker_that_has_done_everything_has_no_lag(consumer: Any) -> None:
    consumer.state.consumed_to(107)
    assert lag_records(consumer, engine(waiting_records=0, worked_to=106)) == {SOURCE: 0}


async def test_a_partition_nothing_is_known_of_yet_is_left_out(consumer: Any) -> None:
    consumer.state.highwater = None
    assert lag_records(consumer, engine(waiting_records=0, worked_to=0)) == {}


def test_a_consumer_that_has_not_started_has_no_lag() -> None:
    assert lag_records(SimpleNamespace(_thread=None), engine(0, 0)) == {}
