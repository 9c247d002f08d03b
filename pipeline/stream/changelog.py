"""How a room's memory and input positions stand on its compacted changelog topic.

Keys: `s` + state key, or `p` + input topic. Values: msgpack of (expiry, value), or of (offset,
watermark): event time is kept too, so that expiry goes on after a restart where it stood.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from pipeline.stream.outbox import Output
from pipeline.stream.records import TopicPartition
from pipeline.stream.room import Room, changelog_topic
from pipeline.stream.state import STATE, KeyedState, UnreadableStateError

_POSITION = b"p"
_encode = msgspec.msgpack.Encoder().encode
_decode_position = msgspec.msgpack.Decoder(tuple[int, int]).decode


def changelog_outputs(
    room: Room,
    partition: int,
    state: KeyedState[Any],
    positions: dict[TopicPartition, int],
) -> list[Output]:
    """Records that make the changelog agree with the memory and the input positions."""
    topic = changelog_topic(room.name)
    outputs = [
        Output(topic, partition, change.key, change.entry, ()) for change in state.take_changes()
    ]
    outputs += [
        Output(
            topic,
            partition,
            _POSITION + source.topic.encode(),
            _encode((offset, state.watermark_ms)),
            (),
        )
        for source, offset in positions.items()
        if source.partition == partition and source.topic in room.inputs
    ]
    return outputs


class MemoryCopy(NamedTuple):
    """A memory as it stood when its changelog ended at an offset."""

    place: TopicPartition
    """Its changelog partition, by the topic's logical name."""
    next_offset: int
    positions: Mapping[str, int]
    watermark_ms: int
    as_of_s: float
    """When it was committed, Unix time: nobody else can have changed it before that."""
    entries: dict[bytes, bytes]


class ChangelogReader:
    """Builds the memory and positions of one room and partition from its changelog records."""

    def __init__(self, room: Room, partition: int) -> None:
        self.room_name = room.name
        self.place = TopicPartition(changelog_topic(room.name), partition)
        self.state: KeyedState[Any] = KeyedState(room.state_type)
        self.positions: dict[TopicPartition, int] = {}
        self.next_offset = 0
        """Where reading goes on."""
        self.snapshot_offset = 0
        """Where in the changelog its snapshot stands."""
        self.kept_entries = 0
        self.snapshot_entries = 0
        self.records = 0
        """What it was made of: entries the worker still had, those of a snapshot, records read."""

    def begin_again(self, kept: "ChangelogReader") -> None:
        """Take over a memory that this worker had before a rebalance."""
        self.state = kept.state
        self.positions = dict(kept.positions)
        self.next_offset = kept.next_offset
        self.snapshot_offset = kept.snapshot_offset
        self.kept_entries = len(kept.state)

    def begin_with(
        self, pieces: Iterable[dict[bytes, bytes]], positions: Mapping[str, int], watermark_ms: int
    ) -> None:
        """Take in a memory as it stood at some offset, in pieces.

        Raises:
            UnreadableStateError: an entry is not of the type the room has now.
        """
        for piece in pieces:
            self._load(piece)
        self.snapshot_entries = len(self.state)
        self.state.watermark_ms = watermark_ms
        for topic, offset in positions.items():
            self.positions[TopicPartition(topic, self.place.partition)] = offset

    def read(self, pairs: Sequence[tuple[bytes, bytes | None]], next_offset: int) -> None:
        """Take in consecutive records: keys and values, in the order of the topic.

        Raises:
            UnreadableStateError: an entry is not of the type the room has now.
        """
        self.records += len(pairs)
        self.next_offset = next_offset
        newest = dict(pairs)
        entries = {k: v for k, v in newest.items() if v is not None and k.startswith(STATE)}
        self._load(entries)
        if len(entries) == len(newest):
            return
        for key, value in newest.items():
            if value is None:
                self.state.drop(key)
            elif key.startswith(_POSITION):
                self._read_position(key[1:].decode(), value)

    def _load(self, entries: dict[bytes, bytes]) -> None:
        try:
            self.state.load(entries)
        except UnreadableStateError as error:
            raise UnreadableStateError(
                f"the memory of room {self.room_name}, partition {self.place.partition}, holds "
                f"what this version cannot read, under key {error}. Start the version that wrote it"
            ) from error

    def _read_position(self, topic: str, value: bytes) -> None:
        offset, watermark_ms = _decode_position(value)
        self.positions[TopicPartition(topic, self.place.partition)] = offset
        self.state.watermark_ms = max(self.state.watermark_ms, watermark_ms)
