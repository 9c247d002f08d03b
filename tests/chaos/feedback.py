"""Officers and collectors: answers to parcels that are held, so that cases go on."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import orjson

from tests.chaos.load import Load
from tests.chaos.reader import Read

SHARE_OF = 10_000


class Feedback:
    """Publishes an inspection result or a payment for a share of the parcels held.

    Which parcels, is a function of seed and parcel: the same in every run.
    """

    def __init__(self, load: Load, seed: int, share: float) -> None:
        self._load = load
        self._seed = seed
        self._share = share
        self._queue: asyncio.Queue[tuple[str, bytes, dict[str, Any]]] = asyncio.Queue()
        self._unanswered: set[str] = set()
        self.ids: set[str] = set()
        """Of all answers."""

    @property
    def waiting(self) -> int:
        """Answers that have not led to a decision event yet."""
        return len(self._unanswered)

    def answers(self, key: str) -> bool:
        """Whether a parcel, should it be held, is one of those that are answered."""
        drawn = crc32(f"{self._seed} {key}".encode()) % SHARE_OF
        return drawn < self._share * SHARE_OF

    def on_decision(self, record: Read, decision: dict[str, Any]) -> None:
        """Note what an event answers, and whether it is to be answered."""
        self._unanswered.discard(decision.get("causing_id", ""))
        key = f"{decision['carrier']}/{decision['parcel_id']}"
        if not self.answers(key) or self._load.finished.is_set():
            return
        topic, answer = _answer(decision)
        if answer:
            answer_id = answer.get("payment_id") or answer["result_id"]
            self.ids.add(answer_id)
            self._unanswered.add(answer_id)
            self._queue.put_nowait((topic, key.encode(), answer))

    async def publish(self) -> None:
        """Publish answers as they come, for ever."""
        while True:
            topic, key, answer = await self._queue.get()
            await self._load.publish(topic, key, orjson.dumps(answer))


def _answer(decision: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    now = datetime.now(UTC).isoformat()
    own_id = f"{decision['parcel_id']}-{decision['event_number']}"
    parcel = {"carrier": decision["carrier"], "parcel_id": decision["parcel_id"]}
    if decision["outcome"] == "inspection":
        return "inspections", {
            **parcel,
            "result_id": f"R{own_id}",
            "verdict": "compliant",
            "inspected_at": now,
            "officer": "officer-1",
        }
    if decision["outcome"] == "revenue":
        revenue = decision["revenue"]
        return "payments", {
            **parcel,
            "payment_id": f"P{own_id}",
            "amount": revenue["unsecured_due"],
            "currency": revenue["currency"],
            "paid_at": now,
        }
    return "", {}
