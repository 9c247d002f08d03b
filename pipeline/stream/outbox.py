"""Everything a cycle of work wants to say; nothing is sent before all of it is committed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pipeline.stream.murmur2 import partition_of
from pipeline.stream.records import Headers, Record

if TYPE_CHECKING:
    from pipeline.stream.room import Encloser

DEAD_LETTERS = "dead-letters"
ERROR_TEXT_CHARACTERS_MAX = 1_000
ENVELOPE_ITEMS_MAX = 200
ENVELOPE_BYTES_MAX = 262_144
RECORD_BYTES_MAX = 900_000


class Output(NamedTuple):
    """One record to be written."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Mark(NamedTuple):
    """A point to which an outbox can be rolled back."""

    outputs: int
    enclosed: int
    notes: int
    dead_letters: int


class Outbox:
    """Outputs of one cycle: records, items for envelopes, dead letters, notes."""

    def __init__(self, partitions: Mapping[str, int], enclosers: "Mapping[str, Encloser]") -> None:
        self._partitions = partitions
        self._enclosers = enclosers
        self._outputs: list[Output] = []
        self._enclosed: list[tuple[str, int, bytes]] = []
        self.notes: list[Any] = []
        self.dead_letter_codes: list[tuple[str, str]] = []
        """(source topic, error code) of each dead letter."""

    def __len__(self) -> int:
        """Records and items said so far."""
        return len(self._outputs) + len(self._enclosed)

    def partitions_of(self, topic: str) -> int:
        """How many partitions a topic has."""
        return self._partitions[topic]

    def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers = (),
    ) -> None:
        """Write one record; without a partition, the key's hash chooses it (murmur2).

        Raises:
            ValueError: the record is larger than the broker takes.
        """
        if partition is None:
            partition = partition_of(key, self._partitions[topic]) if key else 0
        _check_size(topic, len(value or b""))
        self._outputs.append(Output(topic, partition, key, value, headers))

    def enclose(self, topic: str, partition: int, item: Any) -> None:
        """Add an item to the envelope that leaves for this partition at the end of the cycle.

        It is encoded at once, so that an item that cannot be is the fault of its record alone.
        """
        encoded = self._enclosers[topic](item)
        _check_size(topic, len(encoded))
        self._enclosed.append((topic, partition, encoded))

    def dead_letter(
        self,
        record: Record,
        code: str,
        text: str,
        *,
        value: bytes | None = None,
        headers: Headers = (),
    ) -> None:
        """Keep a record nobody can work on: original bytes and headers, and what is wrong.

        `value` replaces the original bytes where only a part of an envelope is at fault.
        """
        described = [
            *record.headers,
            ("source_topic", record.topic.encode()),
            ("source_partition", b"%d" % record.partition),
            ("source_offset", b"%d" % record.offset),
            ("source_timestamp_ms", b"%d" % record.timestamp_ms),
            ("error_code", code.encode()),
            ("error_text", text[:ERROR_TEXT_CHARACTERS_MAX].encode(errors="replace")),
            *headers,
        ]
        output = Output(
            DEAD_LETTERS,
            record.partition % self._partitions[DEAD_LETTERS],
            record.key,
            record.value if value is None else value,
            described,
        )
        self.dead_letter_codes.append((record.topic, code))
        self._outputs.append(output)

    def note(self, fact: Any) -> None:
        """Tell the observer something; it hears of it only once the cycle is committed."""
        self.notes.append(fact)

    def mark(self) -> Mark:
        """The present point, for `roll_back`."""
        return Mark(
            len(self._outputs),
            len(self._enclosed),
            len(self.notes),
            len(self.dead_letter_codes),
        )

    def roll_back(self, mark: Mark) -> None:
        """Forget everything since `mark`."""
        del self._outputs[mark.outputs :]
        del self._enclosed[mark.enclosed :]
        del self.notes[mark.notes :]
        del self.dead_letter_codes[mark.dead_letters :]

    def outputs(self) -> Iterator[Output]:
        """All records of the cycle, with the enclosed items in envelopes."""
        yield from self._outputs
        by_place: defaultdict[tuple[str, int], list[bytes]] = defaultdict(list)
        for topic, partition, encoded in self._enclosed:
            by_place[topic, partition].append(encoded)
        for (topic, partition), items in by_place.items():
            for value in _envelopes(items):
                yield Output(topic, partition, None, value, ())


def _check_size(topic: str, size_bytes: int) -> None:
    if size_bytes > RECORD_BYTES_MAX:
        raise ValueError(f"{size_bytes} bytes are too many for one record on {topic}")


def _envelopes(items: list[bytes]) -> Iterator[bytes]:
    """Msgpack arrays of the encoded items, in order, each within the limits of an envelope."""
    envelope: list[msgspec.Raw] = []
    size_bytes = 0
    for item in items:
        full = len(envelope) == ENVELOPE_ITEMS_MAX or size_bytes + len(item) > ENVELOPE_BYTES_MAX
        if envelope and full:
            yield msgspec.msgpack.encode(envelope)
            envelope, size_bytes = [], 0
        envelope.append(msgspec.Raw(item))
        size_bytes += len(item)
    yield msgspec.msgpack.encode(envelope)
