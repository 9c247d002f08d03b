"""Payments and inspection results close the loop, once, over the broker."""

import asyncio
import time
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer

from pipeline.model import (
    Cancellation,
    Decision,
    InspectionResult,
    InspectionVerdict,
    Movement,
    MovementKind,
    Notice,
    Payment,
    manifest_key,
)
from pipeline.stream.records import Record
from tests.builders import goods_item, manifest, parcel
from tests.installation.installation import Installation, Raw, send, settled

CARRIER = "LOOP"
NOW = datetime(2026, 7, 7, 12, tzinfo=UTC)
DEADLINE_S = 60.0


def payment(parcel_id: str, payment_id: str, amount: str = "9.06") -> Raw:
    message = Payment(
        payment_id=payment_id,
        carrier=CARRIER,
        parcel_id=parcel_id,
        amount=Decimal(amount),
        currency="EUR",
        paid_at=NOW,
    )
    return Raw(f"{CARRIER}/{parcel_id}".encode(), msgspec.json.encode(message), None, "payments")


def result(parcel_id: str, result_id: str, verdict: InspectionVerdict) -> Raw:
    message = InspectionResult(
        result_id=result_id,
        carrier=CARRIER,
        parcel_id=parcel_id,
        verdict=verdict,
        inspected_at=NOW,
        officer="officer-1",
    )
    return Raw(f"{CARRIER}/{parcel_id}".encode(), msgspec.json.encode(message), None, "inspections")


def cancellation(parcel_id: str) -> Raw:
    message = Cancellation(
        cancellation_id="C-1",
        carrier=CARRIER,
        parcel_id=parcel_id,
        manifest_id="LOOP-2",
        version=1,
        cancelled_at=NOW,
    )
    key = f"{CARRIER}/{parcel_id}".encode()
    return Raw(key, msgspec.json.encode(message), None, "cancellations")


def scan(parcel_id: str) -> Raw:
    message = Movement(
        movement_id="M-1",
        carrier=CARRIER,
        parcel_id=parcel_id,
        kind=MovementKind.ARRIVED,
        scanned_at=NOW,
    )
    key = f"{CARRIER}/{parcel_id}".encode()
    return Raw(key, msgspec.json.encode(message), None, "movements")


async def until_told(installation: Installation, *parcels: str) -> list[tuple[str, str]]:
    """Parcel and kind of the first notice about each of these parcels."""
    found: list[tuple[str, str]] = []
    async with (
        AIOKafkaConsumer(
            f"{installation.prefix}notices",
            bootstrap_servers=installation.broker,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        ) as consumer,
        asyncio.timeout(DEADLINE_S),
    ):
        while len(found) < len(parcels):
            record = await consumer.getone()
            notice = msgspec.json.decode(record.value or b"", type=Notice)
            if notice.parcel_id in parcels:
                found.append((notice.parcel_id, notice.kind))
    return found


async def until_dead_lettered(
    installation: Installation, announced: int, letters: int
) -> dict[str, list[Record]]:
    """All records, once so many messages of the carrier are dead letters."""
    end_s = time.monotonic() + DEADLINE_S
    while True:
        _, records = await settled(installation, announced=announced)
        found = [r for r in records.get("dead-letters", []) if (r.key or b"").startswith(b"LOOP/")]
        if len(found) >= letters or time.monotonic() > end_s:
            return {**records, "dead-letters": found}


@pytest.fixture
def closed(installation: Installation, runner: asyncio.Runner) -> dict[str, list[Record]]:
    """Everything after one parcel was paid, one found prohibited, and one is nobody's.

    The last messages about parcels that are known have no effect on them, so that all before were
    worked on.
    """
    pistol = goods_item(description="pistol barrel, steel", commodity_code="930200")
    document = manifest(
        carrier=CARRIER,
        manifest_id="LOOP-1",
        parcels=[parcel(parcel_id="PAID"), parcel(parcel_id="PISTOL", items=[pistol])],
    )
    key = manifest_key(CARRIER, "LOOP-1").encode()
    runner.run(send(installation, [Raw(key, msgspec.json.encode(document), 2)]))
    ledger, _ = runner.run(settled(installation, announced=2))
    assert ledger.closed, ledger
    prohibited = InspectionVerdict.PROHIBITED
    feedback = [
        payment("PAID", "P-1"),
        payment("PAID", "P-1"),
        payment("NOBODY", "P-2"),
        payment("PAID", "P-3"),
        result("PISTOL", "R-1", prohibited),
        result("PISTOL", "R-1", prohibited),
        result("NOBODY", "R-2", prohibited),
        result("PISTOL", "R-3", prohibited),
    ]
    runner.run(send(installation, feedback))
    assert runner.run(until_told(installation, "PAID")) == [("PAID", "refund_due")]
    return runner.run(until_dead_lettered(installation, ledger.announced, 2))


def test_each_case_moves_once_and_what_is_foreign_or_too_late_is_kept(
    closed: dict[str, list[Record]],
) -> None:
    topics = ("release", "inspection", "revenue")
    records = [record for topic in topics for record in closed.get(topic, [])]
    decisions = [msgspec.json.decode(record.value or b"", type=Decision) for record in records]
    of_carrier = [found for found in decisions if found.carrier == CARRIER]
    events = sorted((d.parcel_id, d.event_number, d.outcome, d.causing_id) for d in of_carrier)
    assert events == [
        ("PAID", 1, "revenue", ""),
        ("PAID", 2, "release", "P-1"),
        ("PISTOL", 1, "inspection", ""),
        ("PISTOL", 2, "refused", "R-1"),
    ]
    codes = sorted(dict(letter.headers)["error_code"] for letter in closed["dead-letters"])
    assert codes == [b"illegal_move", b"unknown_parcel"]
    ids = [dict(record.headers)["ce_id"] for record in records]
    assert len(set(ids)) == len(ids)


def test_a_payment_that_came_before_its_parcel_releases_it(
    closed: dict[str, list[Record]], installation: Installation, runner: asyncio.Runner
) -> None:
    document = manifest(carrier=CARRIER, manifest_id="LOOP-3", parcels=[parcel(parcel_id="NOBODY")])
    key = manifest_key(CARRIER, "LOOP-3").encode()
    before, _ = runner.run(settled(installation, announced=0))
    runner.run(send(installation, [Raw(key, msgspec.json.encode(document), 1)]))
    ledger, records = runner.run(settled(installation, announced=before.announced + 1))
    assert ledger.closed, ledger
    released = [msgspec.json.decode(r.value or b"", type=Decision) for r in records["release"]]
    (first,) = [decision for decision in released if decision.parcel_id == "NOBODY"]
    assert (first.event_number, first.revenue.paid) == (1, Decimal("9.06"))


def test_a_scan_and_a_cancellation_come_back_as_notices(
    installation: Installation, runner: asyncio.Runner
) -> None:
    """The scanned parcel was never announced; the cancelled one is refused when it comes."""
    runner.run(send(installation, [scan("UNHEARD-OF"), cancellation("TAKEN-BACK")]))
    told = runner.run(until_told(installation, "UNHEARD-OF", "TAKEN-BACK"))
    assert sorted(told) == [("TAKEN-BACK", "cancelled"), ("UNHEARD-OF", "held_without_data")]
    document = manifest(
        carrier=CARRIER, manifest_id="LOOP-2", parcels=[parcel(parcel_id="TAKEN-BACK")]
    )
    key = manifest_key(CARRIER, "LOOP-2").encode()
    before, _ = runner.run(settled(installation, announced=0))
    runner.run(send(installation, [Raw(key, msgspec.json.encode(document), 1)]))
    ledger, _ = runner.run(settled(installation, announced=before.announced + 1))
    assert ledger.closed, ledger
    assert ledger.rejected == before.rejected + 1
