"""How every worker hears of published law, and does not work on what it might not decide rightly.

The topic is read whole by each worker. What it has not heard of was published after it last read to
the end; a book decides on records from `NOTICE_MS` after its publication on. So a worker that read
to the end less than that ago may work on all that it has fetched; any other one waits.
"""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from aiokafka.errors import KafkaError, KafkaTimeoutError

from pipeline.errors import ErrorCode
from pipeline.ops.topic_reader import TopicReader
from pipeline.rulebook.publication import TOPIC, PublishedLaw, RefusedLaw, judge
from pipeline.rulebook.shelf import NOTICE_MS, Shelf
from pipeline.stream.cancel import cancel_until_ended
from pipeline.stream.records import Record

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
STALE_S = NOTICE_MS / 1000 - 1.0
"""A second less than the notice: for clocks of brokers that differ, and copies on their way."""
POLL_MS = 100

OnLaw = Callable[[PublishedLaw | RefusedLaw], None]


def _is_passing(error: KafkaError) -> bool:
    """Whether it goes away with its cause: aiokafka does not count its own timeout among these."""
    return error.retriable or isinstance(error, KafkaTimeoutError)


class LawGate:
    """Puts published law on the shelf; open while nothing can have been missed (see `Gate`).

    `reader` reads the topic of law from its beginning.
    """

    def __init__(
        self,
        reader: TopicReader,
        shelf: Shelf,
        *,
        on_law: OnLaw = lambda _: None,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._reader = reader
        self._shelf = shelf
        self._on_law = on_law
        self._on_failure = on_failure
        self._heard_at_s = float("-inf")
        self._heard = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the topic was read to its end a moment ago."""
        return monotonic() - self._heard_at_s < STALE_S

    async def start(self) -> None:
        """Connect, and read everything that was ever published."""
        await self._reader.__aenter__()
        await self._read_to_end()
        self._task = asyncio.create_task(self._follow(), name="law")

    async def stop(self) -> None:
        """Disconnect."""
        if self._task:
            await cancel_until_ended(self._task)
            await self._reader.__aexit__(None, None, None)

    async def wait(self) -> None:
        """Wait until the topic was read to its end a moment ago."""
        if self.is_open:
            return
        async with self._heard:
            await self._heard.wait_for(lambda: self.is_open)

    async def _follow(self) -> None:
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                try:
                    await self._read_to_end()
                except KafkaError as error:
                    if not _is_passing(error):
                        raise
                    log.warning("the topic of law cannot be read at present: %r", error)
        except Exception as error:  # noqa: BLE001 - without law the worker cannot work
            self._on_failure(error)

    async def _read_to_end(self) -> None:
        asked_at_s = monotonic()
        ends = await self._reader.ends()
        while await self._reader.is_behind(ends):
            for record in await self._reader.poll(POLL_MS):
                await self._hear(record)
        async with self._heard:
            self._heard_at_s = asked_at_s
            self._heard.notify_all()

    async def _hear(self, record: Record) -> None:
        if record.fault:
            judged: PublishedLaw | RefusedLaw = RefusedLaw(
                ErrorCode(record.fault.code), record.fault.text
            )
        else:  # in a thread: heartbeats go on meanwhile
            judged = await asyncio.to_thread(judge, record.key, record.value)
        place = f"{TOPIC}-{record.partition}@{record.offset}"
        if isinstance(judged, RefusedLaw):
            log.error("law published at %s is refused, %s: %s", place, *judged)
        else:
            covers_from = judged.publication.covers_from
            book = judged.book.following(self._shelf.newest, covers_from)
            self._shelf.publish(book, record.timestamp_ms)
            log.warning(
                "law published at %s: %s for legal dates from %s on (%s)",
                place,
                book.version,
                covers_from,
                judged.publication.reason,
            )
        self._on_law(judged)
