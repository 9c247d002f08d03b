"""How a room's memory and input positions stand on its compacted changelog topic.

Keys: `s` + state key, or `p` + input topic. Values: msgpack of (expiry, value), or of an offset.
"""

from typing import Any

import msgspec

from pipeline.stream.outbox import Output
from pipeline.stream.records import TopicPartition
from pipeline.stream.room import Room, changelog_topic
from pipeline.stream.state import Entry, KeyedState

_STATE = b"s"
_POSITION = b"p"
_encode = msgspec.msgpack.Encoder().encode


def changelog_outputs(
    room: Room,
    partition: int,
    state: KeyedState[Any],
    positions: dict[TopicPartition, int],
) -> list[Output]:
    """Records that make the changelog agree with the memory and the input positions."""
    topic = changelog_topic(room.name)
    outputs = [
        Output(topic, partition, _STATE + change.key, change.entry, ())
        for change in state.take_changes()
    ]
    outputs += [
        Output(topic, partition, _POSITION + source.topic.encode(), _encode(offset), ())
        for source, offset in positions.items()
        if source.partition == partition and source.topic in room.inputs
    ]
    return outputs


class ChangelogReader:
    """Builds the memory and positions of one room and partition from its changelog records."""

    def __init__(self, room: Room, partition: int) -> None:
        self.state: KeyedState[Any] = KeyedState()
        self.positions: dict[TopicPartition, int] = {}
        self.entries = 0
        self.room_name = room.name
        self.partition = partition
        entry_type: Any = tuple.__class_getitem__((int | None, room.state_type))
        self._decode = msgspec.msgpack.Decoder(entry_type).decode
        self._decode_offset = msgspec.msgpack.Decoder(int).decode

    def read(self, key: bytes, value: bytes | None) -> None:
        """Take in one record, in the order of the topic."""
        self.entries += 1
        name = key[1:].decode()
        if key.startswith(_POSITION):
            if value is not None:
                source = TopicPartition(name, self.partition)
                self.positions[source] = self._decode_offset(value)
            return
        if value is None:
            self.state.load(name, None)
        else:
            expires_at_ms, decoded = self._decode(value)
            self.state.load(name, Entry(decoded, expires_at_ms))
