"""Everything a cycle of work wants to say; nothing is sent before all of it is committed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.stream.murmur2 import partition_of
from pipeline.stream.records import Headers, Record

if TYPE_CHECKING:
    from pipeline.stream.room import Encloser

DEAD_LETTERS = "dead-letters"
ERROR_TEXT_CHARACTERS_MAX = 1_000
ENVELOPE_ITEMS_MAX = 200


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
        self._enclosed: list[tuple[str, int, Any]] = []
        self.notes: list[Any] = []
        self.dead_letter_codes: list[tuple[str, str]] = []
        """(source topic, error code) of each dead letter."""

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
        """Write one record; without a partition, the key's hash chooses it (murmur2)."""
        if partition is None:
            partition = partition_of(key, self._partitions[topic]) if key else 0
        self._outputs.append(Output(topic, partition, key, value, headers))

    def enclose(self, topic: str, partition: int, item: Any) -> None:
        """Add an item to the envelope that leaves for this partition at the end of the cycle."""
        self._enclosed.append((topic, partition, item))

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
        self.dead_letter_codes.append((record.topic, code))
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
        self.send(
            DEAD_LETTERS,
            key=record.key,
            value=record.value if value is None else value,
            partition=record.partition % self._partitions[DEAD_LETTERS],
            headers=described,
        )

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
        envelopes: defaultdict[tuple[str, int], list[Any]] = defaultdict(list)
        for topic, partition, item in self._enclosed:
            envelopes[topic, partition].append(item)
        for (topic, partition), items in envelopes.items():
            encode = self._enclosers[topic]
            for start in range(0, len(items), ENVELOPE_ITEMS_MAX):
                value = encode(items[start : start + ENVELOPE_ITEMS_MAX])
                yield Output(topic, partition, None, value, ())
