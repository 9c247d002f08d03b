"""Carriers and warehouses: parcels are cancelled and scanned, some before anybody has told of them.

Which parcels, and what happens to them, is a function of seed and parcel: the same in every run.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from tests.chaos.feedback import Feedback
from tests.chaos.load import Load, Message
from tests.chaos.reader import Read

CANCEL = "cancel"
DEPARTED, ARRIVED, PRESENTED = "departed", "arrived", "presented"


class Journey(NamedTuple):
    """What happens to a parcel, in this order."""

    ahead: Sequence[str] = ()
    """Before its manifest is sent."""
    after: Sequence[str] = ()
    """Once it is decided, and nobody else is going to answer the decision."""


JOURNEYS = (
    Journey(after=(CANCEL,)),
    Journey(after=(CANCEL, CANCEL)),
    Journey(after=(CANCEL, ARRIVED)),
    Journey(after=(DEPARTED, CANCEL)),
    Journey(after=(ARRIVED, CANCEL)),
    Journey(ahead=(CANCEL,)),
    Journey(ahead=(CANCEL, CANCEL, DEPARTED)),
    Journey(ahead=(DEPARTED,), after=(CANCEL,)),
    Journey(ahead=(DEPARTED,), after=(ARRIVED, PRESENTED)),
    Journey(ahead=(ARRIVED,), after=(CANCEL, CANCEL)),
    Journey(after=(DEPARTED, ARRIVED, PRESENTED)),
    Journey(after=(PRESENTED, PRESENTED, DEPARTED)),
)
"""Each as often as any other."""

Post = tuple[str, bytes, bytes]
"""Topic, key and value."""


class Journeys:
    """Publishes what happens to a share of the parcels."""

    def __init__(self, load: Load, feedback: Feedback, seed: int, share: float) -> None:
        self.waiting = 0
        """Messages not sent yet."""
        self._load = load
        self._feedback = feedback
        self._seed = seed
        self._share = share
        self._queue: asyncio.Queue[Post] = asyncio.Queue()

    def ahead_of(self, messages: Iterable[Message]) -> Iterator[Message]:
        """The same messages; what happens to their parcels before is sent as each is asked for."""
        for message in messages:
            if self._share and not message.repeats:
                for manifest, parcel_id in _parcels(message):
                    key = f"{manifest['carrier']}/{parcel_id}"
                    steps = self._journey(key).ahead
                    if CANCEL in steps and self._feedback.answers(key):
                        continue  # should the manifest overtake it, an answer would meet its effect
                    self._send(steps, manifest, parcel_id, manifest["manifest_id"])
            yield message

    def on_decision(self, _: Read, decision: Mapping[str, Any]) -> None:
        """Go on with the journey of a parcel; those that are held and answered go on later."""
        key = f"{decision['carrier']}/{decision['parcel_id']}"
        answered = self._feedback.answers(key)
        due = decision["outcome"] == "release" if answered else decision["cause"] == "assessment"
        if due and not self._load.finished.is_set():
            number = str(decision["event_number"])
            self._send(self._journey(key).after, decision, decision["parcel_id"], number)

    async def publish(self) -> None:
        """Publish what happens as it comes, for ever."""
        while True:
            post = await self._queue.get()
            await self._load.publish(*post)
            self.waiting -= 1

    def _journey(self, key: str) -> Journey:
        digest = blake2b(f"{self._seed} {key}".encode(), digest_size=8).digest()
        drawn = int.from_bytes(digest) / 2**64
        return JOURNEYS[int(drawn / self._share * len(JOURNEYS))] if drawn < self._share else QUIET

    def _send(
        self, steps: Sequence[str], stands_on: Mapping[str, Any], parcel_id: str, occasion: str
    ) -> None:
        for step in steps:
            topic, message = _message(step, stands_on, parcel_id, f"{step}-{occasion}-{parcel_id}")
            key = f"{stands_on['carrier']}/{parcel_id}".encode()
            self.waiting += 1
            self._queue.put_nowait((topic, key, orjson.dumps(message)))


QUIET = Journey()


def _message(
    step: str, stands_on: Mapping[str, Any], parcel_id: str, own_id: str
) -> tuple[str, dict[str, Any]]:
    parcel = {"carrier": stands_on["carrier"], "parcel_id": parcel_id}
    now = datetime.now(UTC).isoformat()
    if step == CANCEL:
        return "cancellations", {
            **parcel,
            "cancellation_id": own_id,
            "manifest_id": stands_on["manifest_id"],
            "version": stands_on.get("parcel_version") or stands_on["version"],
            "cancelled_at": now,
        }
    return "movements", {**parcel, "movement_id": own_id, "kind": step, "scanned_at": now}


def _parcels(message: Message) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The parcels of a manifest, each with it; of one nobody can read, none."""
    try:
        manifest = orjson.loads(message.value or b"")
    except orjson.JSONDecodeError:
        return
    for parcel in manifest["parcels"]:
        yield manifest, parcel["parcel_id"]
