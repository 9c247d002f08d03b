"""What a schedule came to: input against committed outputs, memories and offsets.

It reads the partitions' raw entries by the rules of the markers, not by the broker's way of
answering fetches, and works out what must be there from the published records alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from pipeline.stream.records import TopicPartition
from tests.simulation.broker.broker import Broker
from tests.simulation.broker.partitions import Entry
from tests.simulation.rooms import NUMBERED, POISON, Link, next_link

_decode = msgspec.msgpack.decode


def committed_entries(entries: Iterable[Entry]) -> list[Entry]:
    """Records without a transaction, and those whose transaction was committed, in order."""
    undecided: defaultdict[int, list[Entry]] = defaultdict(list)
    seen: list[Entry] = []
    for entry in entries:
        if entry.producer_id is None:
            seen.append(entry)
        elif entry.committed is None:
            undecided[entry.producer_id].append(entry)
        else:
            decided = undecided.pop(entry.producer_id, [])
            seen += decided if entry.committed else []
    return sorted(seen, key=lambda entry: entry.offset)


class Findings:
    """Faults of a schedule's results, in words."""

    def __init__(self, broker: Broker) -> None:
        self._offsets = broker.offsets.committed
        self._entries = {
            place: committed_entries(log.entries) for place, log in broker.logs.items()
        }
        self._raw = {place: log.entries for place, log in broker.logs.items()}
        self._links: dict[str, Link] = {}
        self._names: dict[int, list[str]] = {}

    def all(self) -> Iterator[str]:
        """Everything that is wrong."""
        yield from self._outputs()
        yield from self._repeats()
        yield from self._dead_letters()
        yield from self._memories()
        yield from self._positions()

    def _of(self, topic: str) -> Iterator[tuple[TopicPartition, Entry]]:
        for place, entries in self._entries.items():
            if place.topic == topic:
                for entry in entries:
                    yield place, entry

    def _published(self) -> Iterator[tuple[int, str, Entry]]:
        for place, entry in self._of("in"):
            yield place.partition, (entry.value or b"").decode().split()[0], entry

    def _outputs(self) -> Iterator[str]:
        """Each name once, numbered in the order of its partition, chained without a gap."""
        numbers: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for partition, name, _ in self._published():
            if not name.startswith(POISON):
                numbers[partition].setdefault(name, len(numbers[partition]) + 1)
        self._names = {partition: list(names) for partition, names in numbers.items()}
        seen: Counter[tuple[int, str]] = Counter()
        last: defaultdict[tuple[int, str], int] = defaultdict(int)
        for _, entry in self._of("out"):
            name, key, source, number, *link = _decode(entry.value or b"")
            seen[source, name] += 1
            if numbers[source].get(name) != number:
                yield f"out of order: {name} is number {number} of partition {source}"
            if number <= last[source, key]:
                yield f"out of order: {name} came after number {last[source, key]} of its key"
            last[source, key] = max(number, last[source, key])
            self._links[key] = expected = next_link(self._links.get(key), name)
            if Link(*link) != expected:
                yield f"memory: the chain of {key} broke at {name}: {Link(*link)}, not {expected}"
        yield from _compare(seen, Counter((p, name) for p in numbers for name in numbers[p]), "out")

    def _repeats(self) -> Iterator[str]:
        times = Counter((p, n) for p, n, _ in self._published() if not n.startswith(POISON))
        expected = Counter({name: count - 1 for name, count in times.items() if count > 1})
        seen = Counter(
            (place.partition, (entry.key or b"").decode()) for place, entry in self._of("repeats")
        )
        yield from _compare(seen, expected, "repeats")

    def _dead_letters(self) -> Iterator[str]:
        expected = Counter(
            (partition, entry.offset)
            for partition, name, entry in self._published()
            if name.startswith(POISON)
        )
        seen: Counter[tuple[int, int]] = Counter()
        for _, entry in self._of("dead-letters"):
            headers = dict(entry.headers)
            seen[int(headers["source_partition"]), int(headers["source_offset"])] += 1
        yield from _compare(seen, expected, "dead letters")

    def _memories(self) -> Iterator[str]:
        """What a worker would restore now is what the outputs and the input tell."""
        chained: dict[str, Any] = {}
        for partition, memory in self._restored("chain-changelog"):
            del partition
            chained.update({key: Link(*value) for key, value in memory.items()})
        if chained != self._links:
            yield f"torn: memory of chain is {chained}, its outputs say {self._links}"
        for partition, memory in self._restored("sort-changelog"):
            names = self._names.get(partition, [])
            expected = {name: number for number, name in enumerate(names, 1)}
            if names:
                expected[NUMBERED] = len(names)
            if memory != expected:
                yield f"torn: memory of sort-{partition} is {memory}, its input says {expected}"

    def _restored(self, topic: str) -> Iterator[tuple[int, dict[str, Any]]]:
        for place, entries in self._entries.items():
            if place.topic != topic:
                continue
            memory: dict[str, Any] = {}
            for entry in entries:
                kind, name = (entry.key or b"")[:1], (entry.key or b"")[1:].decode()
                if kind == b"s" and entry.value is None:
                    memory.pop(name, None)
                elif kind == b"s":
                    memory[name] = _decode(entry.value or b"")[1]
            yield place.partition, memory

    def _positions(self) -> Iterator[str]:
        """Offset of the group, position beside the memory, end of the input: all the same."""
        for room, topic in (("sort", "in"), ("chain", "middle")):
            for place, entries in self._entries.items():
                if place.topic != f"{room}-changelog":
                    continue
                source = TopicPartition(topic, place.partition)
                key = b"p" + topic.encode()
                stored = [_decode(e.value or b"")[0] for e in entries if e.key == key]
                inputs = self._entries[source]
                end = inputs[-1].offset + 1 if inputs else None
                found = (self._offsets.get(source), stored[-1] if stored else None, end)
                if len(set(found)) > 1:
                    yield f"torn: offset, position, end of {topic}-{place.partition} are {found}"


def _compare(seen: Mapping[Any, int], expected: Mapping[Any, int], where: str) -> Iterator[str]:
    for name in sorted({*seen, *expected}):
        if seen.get(name, 0) < expected.get(name, 0):
            yield f"lost: {name} is {seen.get(name, 0)} times in {where}"
        elif seen.get(name, 0) > expected.get(name, 0):
            yield f"doubled: {name} is {seen.get(name, 0)} times in {where}"
