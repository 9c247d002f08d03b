"""Through all rooms: what a carrier takes back counts no longer for its consignee."""

from decimal import Decimal

import msgspec

from pipeline.app import build_rooms
from pipeline.model import Cancellation, Decision, case_key, manifest_key
from pipeline.ops.ledger import LEDGER_TOPICS, Tally
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from tests.builders import ISSUED_AT, goods_item, manifest, parcel

CARRIER = "SWIFTPOST"
PUBLISHED_MS = int(ISSUED_AT.timestamp() * 1000)
SPLITTING = "R03"


def stream() -> MemoryStream:
    rooms = build_rooms(Settings(random_selection_per_million=0, inspection_score_min=100))
    return MemoryStream(rooms, partitions=4)


def announce(stream: MemoryStream, manifest_id: str, parcel_id: str) -> None:
    send(stream, manifest_id, parcel_id)
    stream.run_until_idle()


def send(stream: MemoryStream, manifest_id: str, parcel_id: str) -> None:
    """One parcel of 130 euros on a manifest of its own: two of them pass the limit of 150."""
    goods = goods_item(intrinsic_value=Decimal(130))
    document = manifest(
        manifest_id=manifest_id,
        parcels=[parcel(parcel_id=parcel_id, items=[goods])],
    )
    key = manifest_key(CARRIER, manifest_id).encode()
    value = msgspec.json.encode(document)
    stream.publish("manifests", key=key, value=value, timestamp_ms=PUBLISHED_MS)


def cancel(stream: MemoryStream, manifest_id: str, parcel_id: str) -> None:
    cancelled = Cancellation(
        cancellation_id="C-1",
        carrier=CARRIER,
        parcel_id=parcel_id,
        manifest_id=manifest_id,
        version=1,
        cancelled_at=ISSUED_AT,
    )
    key = case_key(CARRIER, parcel_id).encode()
    value = msgspec.json.encode(cancelled)
    stream.publish("cancellations", key=key, value=value, timestamp_ms=PUBLISHED_MS)
    stream.run_until_idle()


def rules_of(stream: MemoryStream, parcel_id: str) -> set[str]:
    """Ids of the rules that fired on the last decision about a parcel."""
    records = [r for topic in ("release", "inspection", "revenue") for r in stream.read(topic)]
    decisions = [msgspec.json.decode(record.value or b"", type=Decision) for record in records]
    own = [decision for decision in decisions if decision.parcel_id == parcel_id]
    return {hit.rule_id for hit in max(own, key=lambda d: d.event_number).rules}


def closed(stream: MemoryStream, announced: int) -> None:
    tally = Tally(manifest_parcels_max=2_000)
    for topic in LEDGER_TOPICS:
        for record in stream.read(topic):
            tally.add(topic, record.key, record.value, record.headers)
    ledger = tally.ledger()
    assert ledger.closed, ledger
    assert ledger.announced == announced


def test_a_second_parcel_is_split_only_while_the_first_stands() -> None:
    first = stream()
    announce(first, "M-1", "LX123456785CN")
    announce(first, "M-2", "LX000000076CN")
    assert SPLITTING in rules_of(first, "LX000000076CN")
    closed(first, announced=2)

    second = stream()
    announce(second, "M-1", "LX123456785CN")
    cancel(second, "M-1", "LX123456785CN")
    announce(second, "M-2", "LX000000076CN")
    assert SPLITTING not in rules_of(second, "LX000000076CN")
    closed(second, announced=2)


def test_a_parcel_counts_if_its_next_manifest_was_assessed_before_the_cancellation_came_through():
    """What is taken back is the announcement that was cancelled, not the one that replaces it."""
    rooms = stream()
    announce(rooms, "M-1", "LX123456785CN")
    send(rooms, "M-2", "LX123456785CN")
    cancel(rooms, "M-1", "LX123456785CN")
    announce(rooms, "M-3", "LX000000076CN")
    assert SPLITTING in rules_of(rooms, "LX000000076CN")
    closed(rooms, announced=3)
    assert len(rooms.read("acknowledgements")) == 3  # nothing was refused late


def test_a_refiled_parcel_closes_the_ledger_under_the_same_version() -> None:
    """Version 1 on two manifests is two announcements, and two first decisions."""
    rooms = stream()
    announce(rooms, "M-1", "LX123456785CN")
    cancel(rooms, "M-1", "LX123456785CN")
    announce(rooms, "M-2", "LX123456785CN")
    closed(rooms, announced=2)
    assert len(rooms.read("revenue")) == 2
    announce(rooms, "M-3", "LX123456785CN")  # active again: refused
    closed(rooms, announced=3)
    assert len(rooms.read("revenue")) == 2
