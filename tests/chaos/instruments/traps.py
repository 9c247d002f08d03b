"""Exact places in a worker's cycle at which it stops or kills itself, once the harness says so.

The harness sets a trap as a file; the worker takes the file away when it steps into it, and sends
itself the signal in the same breath. So the trap is set off once, at that place and no other.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from aiokafka.producer.sender import Sender

from pipeline.stream.engine import Engine
from pipeline.stream.fencing import FencedProducer
from pipeline.stream.kafka import KafkaLog
from pipeline.stream.waiting import WaitingRecords
from pipeline.stream.work import Workshop

POLL_S = 0.01
IN_HAND_MIN = 6
"""Records, mostly of as many partitions: some of them go to another worker for good."""


class Place(StrEnum):
    """Where a worker can be trapped."""

    WORK = "work"
    """In the work of a room: nothing of the cycle is sent."""
    SEND = "send"
    """The transaction begins; nothing is sent."""
    OFFSETS = "offsets"
    """Between TxnOffsetCommit and EndTxn, with the cycle's records still on their way."""
    COMMIT = "commit"
    """Between TxnOffsetCommit and EndTxn, with all records at the broker."""
    COMMITTED = "committed"
    """After EndTxn, before anybody hears of it."""
    REJOINED = "rejoined"
    """With records in hand: stopped, and, once woken, held until it has joined the group anew."""


class Traps:
    """The traps of an installation, in a folder that harness and workers share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def set(self, worker_id: str, place: Place, signal_number: signal.Signals) -> None:
        """Set a trap for a worker; it replaces an earlier one."""
        aside = self._folder / f"{worker_id}.new"
        aside.write_text(f"{place} {signal_number.value}")
        aside.rename(self._folder / worker_id)

    def clear(self, worker_id: str) -> None:
        """Take the worker's trap away."""
        (self._folder / worker_id).unlink(missing_ok=True)

    def is_set(self, worker_id: str) -> bool:
        """Whether the worker has not stepped into its trap yet."""
        return (self._folder / worker_id).exists()

    def laid(self, worker_id: str, place: Place) -> signal.Signals | None:
        """The signal of the trap at this place, if there is one for this worker."""
        try:
            there, number = (self._folder / worker_id).read_text().split()
        except FileNotFoundError:
            return None
        return signal.Signals(int(number)) if there == place else None


class TrappedWorker:
    """The worker's own side: looks for traps wherever it passes."""

    def __init__(self, traps: Traps, worker_id: str) -> None:
        self._traps = traps
        self._worker_id = worker_id
        self._holding_back = False
        self._engine: Engine

    def install(self) -> None:
        """Look for traps from now on, at every place."""
        _before(Workshop, "work", lambda: self._pass(Place.WORK))
        _before(KafkaLog, "send", lambda: self._pass(Place.SEND))
        _before(FencedProducer, "commit_transaction", lambda: self._pass(Place.COMMIT))
        _after(FencedProducer, "commit_transaction", lambda: self._pass(Place.COMMITTED))
        _after(FencedProducer, "send_fenced_offsets", self._offsets_added)
        self._hold_back_records()
        self._hold_until_rejoined()

    def _is_laid(self, place: Place) -> bool:
        return self._traps.laid(self._worker_id, place) is not None

    def _pass(self, place: Place) -> bool:
        number = self._traps.laid(self._worker_id, place)
        if number is None:
            return False
        self._traps.clear(self._worker_id)
        os.kill(os.getpid(), number)
        return True

    def _hold_back_records(self) -> None:
        """Produce requests wait while the trap between them and the end of the cycle is set."""
        send = Sender._send_produce_req

        async def send_later(sender: Sender, node_id: int, batches: Any) -> None:
            while self._is_laid(Place.OFFSETS):
                self._holding_back = True
                await asyncio.sleep(POLL_S)
            self._holding_back = False
            await send(sender, node_id, batches)

        Sender._send_produce_req = send_later

    def _offsets_added(self) -> None:
        if self._holding_back:
            self._pass(Place.OFFSETS)

    def _hold_until_rejoined(self) -> None:
        start, wait = Engine.start, WaitingRecords.wait

        async def start_known(engine: Engine) -> None:
            self._engine = engine
            await start(engine)

        async def wait_for_group(waiting: WaitingRecords, linger_s: float) -> None:
            await wait(waiting, linger_s)
            before = self._engine._membership
            if len(waiting) >= IN_HAND_MIN and self._pass(Place.REJOINED):
                while self._engine._membership in {before, None} or not self._engine.ready:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)

        Engine.start, WaitingRecords.wait = start_known, wait_for_group


def _before(owner: type, name: str, look: Callable[[], object]) -> None:
    method = getattr(owner, name)

    def trapped(*arguments: Any, **named: Any) -> Any:
        look()
        return method(*arguments, **named)

    setattr(owner, name, trapped)


def _after(owner: type, name: str, look: Callable[[], object]) -> None:
    method = getattr(owner, name)

    async def trapped(*arguments: Any, **named: Any) -> Any:
        result = await method(*arguments, **named)
        look()
        return result

    setattr(owner, name, trapped)
