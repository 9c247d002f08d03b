"""Feeds the ledger from a broker: plain consumer, no group, committed records only."""

from collections.abc import Callable
from time import monotonic, time
from types import TracebackType
from typing import Self

from pipeline.model.carrier_topics import MANIFESTS, kind_of
from pipeline.ops.latency import Latencies
from pipeline.ops.ledger import DecisionHead, Ledger, Tally, ledger_topics
from pipeline.ops.partitions import topics_on
from pipeline.ops.topic_reader import TopicReader
from pipeline.stream.connection import Broker
from pipeline.stream.records import Record, within_limits

SETTLE_POLL_MS = 50

OnRecord = Callable[[Record], None]


class LedgerReader:
    """Reads what the ledger counts from the beginning and keeps the tally.

    Which carriers have topics of their own is asked of the broker, once: what stands on the topics
    of a carrier counts, whatever the settings say today.

        async with LedgerReader("127.0.0.1:9092", manifest_parcels_max=2000) as reader:
            await reader.catch_up()
            print(reader.ledger())

    Args:
        broker: the broker, or its address, HOST:PORT.
        topic_prefix: the installation's.
        manifest_parcels_max: the installation's limit of parcels in a message.
        on_record: hears of each record after it was counted, in order within its partition.
        clock: seconds since 1970, for latencies.
    """

    def __init__(
        self,
        broker: Broker | str,
        *,
        topic_prefix: str = "",
        manifest_parcels_max: int,
        on_record: OnRecord | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        self.latencies = Latencies()
        """From a manifest's broker timestamp to the moment its parcel's first decision is read."""
        self._tally = Tally(manifest_parcels_max=manifest_parcels_max)
        self._broker = broker
        self._topic_prefix = topic_prefix
        self._reader: TopicReader
        self._on_record = on_record
        self._clock = clock

    async def __aenter__(self) -> Self:
        """Connect and find all partitions.

        Raises:
            BrokerError: nothing answers at the address, or a topic is missing.
        """
        topics = ledger_topics(await topics_on(self._broker, self._topic_prefix))
        reader = TopicReader(
            self._broker, topics, topic_prefix=self._topic_prefix, from_beginning=True
        )
        self._reader = await reader.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect; the tally stays readable."""
        await self._reader.__aexit__(kind, error, trace)

    def ledger(self) -> Ledger:
        """The figures of everything read so far."""
        return self._tally.ledger()

    async def poll(self, timeout_ms: int = 100) -> int:
        """Take in what waits, or what comes within the time. Returns the number of records."""
        records = await self._reader.poll(timeout_ms)
        read_at_s = self._clock()
        for record in records:
            self._take_in(record, read_at_s)
        return len(records)

    async def catch_up(self) -> Ledger:
        """Read up to what is committed now."""
        ends = await self._reader.ends()
        while await self._reader.is_behind(ends):
            await self.poll(SETTLE_POLL_MS)
        return self.ledger()

    async def settle(self, deadline_s: float) -> Ledger:
        """Read on until everything announced has an end, or the deadline has passed.

        Whether it is closed or not, the ledger returned counts everything committed before.
        """
        until_s = monotonic() + deadline_s
        ledger = await self.catch_up()
        while ledger.difference and monotonic() < until_s:
            await self.poll(SETTLE_POLL_MS)
            ledger = self.ledger()
            if not ledger.difference:
                # Zero in passing, while one topic was read further than another, is no end.
                ledger = await self.catch_up()
        return ledger

    def _take_in(self, record: Record, read_at_s: float) -> None:
        if kind_of(record.topic) == MANIFESTS:  # as the workers do: both count what they see
            record = within_limits(record)
        head = self._tally.add(record.topic, record.key, record.value, record.headers)
        if head is not None:
            self._note_latency(head, read_at_s)
        if self._on_record is not None:
            self._on_record(record)

    def _note_latency(self, head: DecisionHead, read_at_s: float) -> None:
        self.latencies.add((read_at_s - head.received_at.timestamp()) * 1000)
