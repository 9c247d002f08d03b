"""One run on a trial: simulated carriers publish, the ledger is read, until all is decided."""

import asyncio
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from threading import Event

from pipeline.ops.ledger import OUTCOME_TOPICS, Ledger
from pipeline.ops.ledger_reader import LedgerReader
from pipeline.sandbox.carriers.simulate import Simulation
from pipeline.sandbox.carriers.truth import ParcelKind, SimulatedMessage
from pipeline.sandbox.publisher import publish
from pipeline.sandbox.trial import Trial
from pipeline.settings import Settings
from pipeline.stream.records import Record

STALLED_AFTER_S = 60.0
TICK_S = 0.1
POLL_MS = 50
KEPT_PARCELS = 10_000
RULE_FIRED = b'"observed":'


class TrialRun:
    """Publishes, reads, and knows at any moment how far it is."""

    def __init__(self, trial: Trial, *, seed: int) -> None:
        self.started_at_s = time.monotonic()
        self.ended_at_s: float | None = None
        self.samples: dict[str, bytes] = {}
        """A decision of each outcome, the one with most rules that fired, as on its topic."""
        self.ended: defaultdict[ParcelKind, Counter[str]] = defaultdict(Counter)
        """How the planted parcels ended, by what was planted."""
        self._trial = trial
        self._simulation = Simulation(seed)
        self._stop = Event()
        self._planted: dict[bytes, ParcelKind] = {}
        self._reader = LedgerReader(
            trial.broker,
            topic_prefix=trial.topic_prefix,
            manifest_parcels_max=Settings().manifest_parcels_max,
            on_record=self._on_record,
        )

    @property
    def ledger(self) -> Ledger:
        """The ledger so far."""
        return self._reader.ledger()

    @property
    def duration_s(self) -> float:
        """Time from the first message to the last decision, or to now."""
        return (self.ended_at_s or time.monotonic()) - self.started_at_s

    @property
    def latency_ms(self) -> dict[str, int]:
        """Manifest's broker timestamp to its parcels' committed decisions, as read here."""
        latencies = self._reader.latencies
        return {f"p{p}": latencies.percentile(p) or 0 for p in (50, 95, 99)}

    async def run(
        self,
        parcels: int,
        *,
        parcels_per_second: float | None,
        keep: bool,
        on_tick: Callable[["TrialRun"], None],
    ) -> Ledger:
        """Publish `parcels` parcels and wait until all are decided.

        With `keep` it goes on publishing until SIGINT or SIGTERM, and then waits.

        Without progress for a minute it gives up: the ledger returned then does not close.
        """
        messages: Iterable[SimulatedMessage] = self._simulation.messages(parcels)
        if keep:
            messages = self._until_stopped(chain(messages, self._endless()))
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        async with self._reader:
            self.started_at_s = time.monotonic()
            publishing = asyncio.create_task(
                publish(
                    messages,
                    broker=self._trial.broker,
                    topic_prefix=self._trial.topic_prefix,
                    parcels_per_second=parcels_per_second,
                    on_sent=self._on_sent,
                )
            )
            try:
                await self._follow(publishing, on_tick)
                await publishing
            finally:
                publishing.cancel()
            return self.ledger

    async def _follow(
        self, publishing: "asyncio.Task[int]", on_tick: Callable[["TrialRun"], None]
    ) -> None:
        moved_at_s = ticked_at_s = time.monotonic()
        while not (publishing.done() and await self._drained()):
            now_s = time.monotonic()
            if await self._reader.poll(POLL_MS):
                moved_at_s = now_s
            elif now_s - moved_at_s > STALLED_AFTER_S:
                return
            if now_s - ticked_at_s >= TICK_S:
                ticked_at_s = now_s
                self._trial.check_broker()
                self._trial.workers.restart_the_dead()
                on_tick(self)
        self.ended_at_s = moved_at_s
        on_tick(self)

    async def _drained(self) -> bool:
        if self.ledger.difference:
            return False
        # Zero in passing, while one topic was read further than another, is no end.
        return not (await self._reader.catch_up()).difference

    def _until_stopped(self, messages: Iterable[SimulatedMessage]) -> Iterator[SimulatedMessage]:
        for message in messages:
            if self._stop.is_set():
                return
            yield message

    def _endless(self) -> Iterator[SimulatedMessage]:
        while True:
            yield from self._simulation.messages(KEPT_PARCELS)

    def _on_sent(self, message: SimulatedMessage) -> None:
        for parcel_id, kind in message.planted.items():
            self._planted[parcel_id.encode()] = kind

    def _on_record(self, record: Record) -> None:
        if record.topic not in OUTCOME_TOPICS or record.key is None:
            return
        value = record.value or b""
        known = self.samples.get(record.topic)
        if known is None or value.count(RULE_FIRED) > known.count(RULE_FIRED):
            self.samples[record.topic] = value
        kind = self._planted.get(record.key.partition(b"/")[2])
        if kind:
            self.ended[kind][record.topic] += 1
