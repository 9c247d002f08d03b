"""How many records of each assigned partition are still to be worked on."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pipeline.stream.engine import Engine
from pipeline.stream.records import TopicPartition


class Fetched(NamedTuple):
    """How far one partition is fetched, and where it ended at the last fetch."""

    source: TopicPartition
    position: int
    end: int


def lag_records(consumer: Any, engine: Engine) -> Mapping[TopicPartition, int]:
    """Records between what is worked on and the end of each assigned partition of Faust's consumer.

    With nothing queued, the consumer's own position counts: it has passed over the markers that
    end transactions, which the engine's positions stand before. The end is what the broker last
    told with a fetch, so it stands still when nothing can be fetched.
    """
    worked_to = engine.positions if engine.waiting_records else {}
    thread = getattr(consumer, "_thread", None)
    kafka_consumer = getattr(thread, "_consumer", None)
    if kafka_consumer is None:  # not started yet
        return {}
    return {
        fetched.source: max(0, fetched.end - worked_to.get(fetched.source, fetched.position))
        for fetched in _fetched(kafka_consumer, len(engine.settings.topic_prefix))
    }


def _fetched(consumer: Any, prefix_length: int) -> Iterator[Fetched]:
    subscription = consumer._subscription.subscription  # noqa: SLF001 - no public way to all of it
    assignment = subscription.assignment if subscription else None
    if assignment is None:
        return
    for place in assignment.tps:
        state = assignment.state_value(place)
        if state.has_valid_position and state.highwater is not None:
            source = TopicPartition(place.topic[prefix_length:], place.partition)
            yield Fetched(source, state.position, state.highwater)
