"""What a room must be to run on the stream core."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from pipeline.stream.outbox import Outbox
from pipeline.stream.records import Record
from pipeline.stream.state import KeyedState

Encloser = Callable[[Any], bytes]
"""Encodes one item as msgpack; an envelope is the msgpack array of its items."""


class Room(Protocol):
    """A step of the pipeline: pure work on one record at a time, with a keyed memory.

    All input topics have the same number of partitions, so that one worker owns partition n of
    all of them and of the memory.
    """

    @property
    def name(self) -> str:
        """Short name; `<name>-changelog` is the topic that keeps its memory."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Logical names of the topics it reads."""

    @property
    def state_type(self) -> Any:
        """Type of the memory's values, decodable by msgspec."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Logical names of the topics it writes single records to."""

    @property
    def enclosers(self) -> Mapping[str, Encloser]:
        """For each internal output topic, how an item of its envelopes is encoded."""

    def work(self, record: Record, state: KeyedState[Any], outbox: Outbox) -> None:
        """Work on one record: synchronous, deterministic, no input or output of its own.

        An exception undoes everything this record did and sends it to the dead letters.
        """


@runtime_checkable
class Lapsing(Protocol):
    """A room that has deadlines: it is told of the entries of its memory that expire."""

    def lapse(self, key: str, value: Any, state: KeyedState[Any], outbox: Outbox) -> None:
        """Work on an entry whose time has passed and that is forgotten unless it is put again.

        By event time, within the hour after its expiry, and only while input comes. An exception
        undoes everything this entry did and sends it to the dead letters.
        """


def changelog_topic(room_name: str) -> str:
    """Logical name of the topic that keeps a room's memory."""
    return f"{room_name}-changelog"
