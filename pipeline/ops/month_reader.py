"""Feeds tallies of a month from a broker: committed records only, up to what is committed now."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Protocol

from pipeline.ops.topic_reader import TopicReader
from pipeline.stream.connection import Broker
from pipeline.stream.records import Record

POLL_MS = 50


class Tally(Protocol):
    """What is made up of the records of some topics."""

    complete: bool
    """Set to False when records of the month are gone."""

    def add(self, record: Record) -> None:
        """Take in one record."""


async def read_month(
    broker: Broker | str,
    topics: Sequence[str],
    tally: Tally,
    *,
    month: date,
    topic_prefix: str = "",
    on_records: Callable[[int], None] = lambda _: None,
) -> None:
    """Read everything into the tally.

    Args:
        broker: the broker, or its address, HOST:PORT.
        topics: logical names of those it is made up of.
        tally: what takes it in.
        month: the first day of the period; records that retention deleted since are missed.
        topic_prefix: the installation's.
        on_records: hears how many records were read in all.

    Raises:
        BrokerError: nothing answers at the address, or a topic is missing.
    """
    begun, read = set[tuple[str, int]](), 0
    reader = TopicReader(broker, topics, topic_prefix=topic_prefix, from_beginning=True)
    async with reader:
        begins, ends = await reader.begins(), await reader.ends()
        while await reader.is_behind(ends):
            records = await reader.poll(POLL_MS)
            for record in records:
                place = record.topic, record.partition
                if place not in begun and has_lost_records(begins[place], record, month):
                    tally.complete = False
                begun.add(place)
                tally.add(record)
            read += len(records)
            on_records(read)


def has_lost_records(begins_at: int, first: Record, month: date) -> bool:
    """Whether records of a period, or later ones, are gone, by the first one of a partition.

    Where a partition begins, its log says: the first offset may be that of an aborted transaction.
    """
    begin = datetime(month.year, month.month, 1, tzinfo=UTC)
    return begins_at > 0 and first.timestamp_ms >= begin.timestamp() * 1000
