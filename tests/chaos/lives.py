"""Lives of parcels in the rooms, for tests of the oracle: announced, cancelled, scanned."""

from typing import Any

import orjson

from pipeline.app import build_dry_run
from pipeline.sandbox.carriers.simulate import Mix, simulate
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from tests.chaos.test_checker import answers

PARCELS = 1_200
MIX = Mix(faulty=0, repeat=0, conflict=0, corrupt=0)
NOW_MS = 1_780_000_000_000


class World:
    """The rooms in memory, and what is sent to them about parcels."""

    def __init__(self) -> None:
        self.stream: MemoryStream = build_dry_run(Settings())
        self.messages = list(simulate(PARCELS, 4, MIX))
        self.parcels = [
            (manifest, parcel["parcel_id"])
            for manifest in (orjson.loads(message.value) for message in self.messages)
            for parcel in manifest["parcels"]
        ]
        self.named: dict[str, str] = {}
        """Keys of parcels by what happens to them."""

    @property
    def keys(self) -> set[str]:
        return set(self.named.values())

    def do(self, name: str, steps: str, stands_on: dict[str, Any]) -> None:
        """Take steps: `cancel`, `announce` anew, `answer` the decision, or a kind of scan."""
        self.named[name] = key_of(stands_on)
        for step in steps.split():
            if step == "announce":
                self.announce_anew(stands_on)
                continue
            messages = answers(stands_on) if step == "answer" else [message(step, stands_on)]
            for topic, value in messages:
                self.send(topic, key_of(stands_on), value)

    def announce(self) -> None:
        for sent in self.messages:
            self.send("manifests", (sent.key or b"").decode(), orjson.loads(sent.value))

    def announce_anew(self, decision: dict[str, Any]) -> None:
        """The same parcel on another manifest."""
        manifest = next(m for m, p in self.parcels if p == decision["parcel_id"])
        own = [p for p in manifest["parcels"] if p["parcel_id"] == decision["parcel_id"]]
        anew = {"manifest_id": "ANEW", "parts": 1, "part": 1, "declared_parcel_count": 1}
        key = f"{manifest['carrier']}/ANEW"
        self.send("manifests", key, {**manifest, **anew, "parcels": own})

    def send(self, topic: str, key: str, message: dict[str, Any]) -> None:
        value = orjson.dumps(message)
        self.stream.publish(topic, key=key.encode(), value=value, timestamp_ms=NOW_MS)
        self.stream.run_until_idle()


def key_of(about: dict[str, Any]) -> str:
    return f"{about['carrier']}/{about['parcel_id']}"


def message(step: str, stands_on: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A cancellation or a scan: topic and content."""
    parcel = {name: stands_on[name] for name in ("carrier", "parcel_id")}
    at = "2026-07-06T06:00:00Z"
    if step != "cancel":
        scan = {"movement_id": f"S-{step}", "kind": step, "scanned_at": at}
        return "movements", {**parcel, **scan}
    named = {"manifest_id": stands_on["manifest_id"], "version": 1}
    return "cancellations", {**parcel, **named, "cancellation_id": "C1", "cancelled_at": at}


EARLY = {
    "forestalled": "cancel cancel",
    "forestalled and here": "cancel departed",
    "late": "departed",
    "late and here": "arrived cancel",
}
"""What happens to parcels before their data are announced."""

LIVES = {
    "release": {
        "twice": "cancel cancel",
        "departed": "departed cancel",
        "arrived": "arrived cancel cancel",
        "came": "cancel arrived",
        "anew": "cancel announce",
        "scanned": "presented departed arrived",
        "open": "",
    },
    "inspection": {"selected": "cancel cancel", "inspected": "answer cancel"},
    "revenue": {"owing": "cancel", "paid": "answer cancel"},
}
"""What happens to parcels after their first decision."""


def lived() -> World:
    """Every kind of life: ended, refused, forestalled, scanned before the data and after."""
    world = World()
    for (name, steps), (manifest, parcel_id) in zip(EARLY.items(), world.parcels, strict=False):
        world.do(name, steps, {**manifest, "parcel_id": parcel_id})
    never = {"carrier": "SWIFTPOST", "parcel_id": "NEVER-ANNOUNCED"}
    world.do("never", "departed presented", never)
    world.announce()
    for topic, lives in LIVES.items():
        decisions = [orjson.loads(r.value or b"") for r in world.stream.read(topic)]
        usual = [decision for decision in decisions if key_of(decision) not in world.keys]
        for (name, steps), decision in zip(lives.items(), usual, strict=False):
            world.do(name, steps, decision)
    return world
