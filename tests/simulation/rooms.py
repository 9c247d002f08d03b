"""Two tiny rooms whose results show every loss, repetition, swap and forgotten memory.

`sort` numbers what it sees for the first time and sends it on by key; `chain` counts by key and
chains each item to the ones before it, so that one wrong step changes everything after it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple
from zlib import crc32

import msgspec

from pipeline.stream import KeyedState, Outbox, Record
from pipeline.stream.murmur2 import partition_of

POISON = "!"
NUMBERED = "numbered"


class Item(NamedTuple):
    """What travels from `sort` to `chain`."""

    name: str
    key: str
    source: int
    number: int


class Link(NamedTuple):
    """The memory of `chain` for a key."""

    count: int
    digest: int


def topics(partitions: int) -> Mapping[str, int]:
    """Every topic of the two rooms, with its partitions."""
    names = ("in", "middle", "out", "repeats", "dead-letters", "sort-changelog", "chain-changelog")
    return dict.fromkeys(names, partitions)


def next_link(link: Link | None, name: str) -> Link:
    """The memory of a key after one more item."""
    before = link or Link(0, 0)
    return Link(before.count + 1, crc32(name.encode(), before.digest))


class Sort:
    """`in` ("name key") -> `middle` in envelopes; names seen before -> `repeats`."""

    name = "sort"
    inputs = ("in",)
    outputs = ("repeats", "dead-letters")
    state_type = int
    enclosers: ClassVar = {"middle": msgspec.msgpack.encode}

    def work(self, record: Record, state: KeyedState[int], outbox: Outbox) -> None:
        name, key = (record.value or b"").decode().split()
        if state.get(name) is not None:
            outbox.send("repeats", key=name.encode(), value=b"", partition=record.partition)
            return
        number = (state.get(NUMBERED) or 0) + 1
        state.put(NUMBERED, number)
        state.put(name, number)
        partition = partition_of(key.encode(), outbox.partitions_of("middle"))
        outbox.enclose("middle", partition, Item(name, key, record.partition, number))
        if name.startswith(POISON):
            raise ValueError(name)


class Chain:
    """`middle` -> `out`: for each item, how far the chain of its key has come."""

    name = "chain"
    inputs = ("middle",)
    outputs = ("out", "dead-letters")
    state_type = Link
    enclosers: ClassVar[Mapping[str, Any]] = {}

    def work(self, record: Record, state: KeyedState[Link], outbox: Outbox) -> None:
        for fields in msgspec.msgpack.decode(record.value or b""):
            item = Item(*fields)
            link = next_link(state.get(item.key), item.name)
            state.put(item.key, link)
            outbox.send(
                "out",
                key=item.key.encode(),
                value=msgspec.msgpack.encode((*item, *link)),
                partition=record.partition,
            )
