"""The decide room alone on a log in memory, and ordinary messages for it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from pipeline.decide.room import DecideRoom
from pipeline.decide.state import Case, case_of
from pipeline.model import (
    Acknowledgement,
    Assessed,
    Assessment,
    Cancellation,
    DataSet,
    Decision,
    Filed,
    InspectionResult,
    InspectionVerdict,
    IrgCategory,
    ManifestHeader,
    Movement,
    MovementKind,
    Notice,
    Parcel,
    Payment,
    RevenueAssessment,
    RuleHit,
    SelectedBy,
    TransportMode,
    Versions,
    case_key,
)
from pipeline.revenue.assess import assess_revenue
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.shelf import Shelf
from pipeline.stream.memory import MemoryStream
from pipeline.stream.records import Record
from tests.builders import ARRIVAL_AT, DEPARTURE_AT, ISSUED_AT
from tests.builders import parcel as ordinary_parcel

CARRIER = "SWIFTPOST"
PARCEL_ID = "LX123456785CN"
KEY = case_key(CARRIER, PARCEL_ID)
CONSIGNEE = "0123456789abcdef01234567"
HOUR_MS = 3_600_000
RECEIVED_AT = datetime(2026, 7, 6, 9, tzinfo=UTC)
FIRST_MS = 1_783_400_000_000
LEGAL_DATE = date(2026, 7, 7)
DUE = Decimal("9.06")  # EUR 3 duty on one item, 19 % of 31.90
OUTCOME_TOPICS = ("release", "inspection", "revenue")
DRAWN = [SelectedBy.RANDOM]


def revenue_of(parcel: Parcel, *, on_account: bool = False) -> RevenueAssessment:
    """What the parcel owes in Germany on the legal date."""
    return assess_revenue(
        parcel,
        destination_country="DE",
        transport_mode=TransportMode.AIR,
        legal_date=LEGAL_DATE,
        book=load_rule_book(),
        on_account=on_account,
    )


NOTHING_DUE = RevenueAssessment(
    jurisdiction="EU", currency="EUR", intrinsic_value=Decimal(5), customs_value=Decimal(5)
)
"""As for documents."""


def hit(**fields: Any) -> RuleHit:
    """A rule that fired."""
    ordinary: dict[str, Any] = {
        "rule_id": "R01",
        "rule_version": "1",
        "title": "undervalued",
        "observed": "1.00 EUR",
        "limit": "5.00 EUR",
        "points": 30,
    }
    return RuleHit(**{**ordinary, **fields})


def assessment(**fields: Any) -> Assessment:
    """Nothing fired, EUR 9.06 are due."""
    ordinary: dict[str, Any] = {
        "irg_category": IrgCategory.LOW_VALUE_DUTIABLE,
        "irg_reason": "24.90 EUR is not above 150.00, and charges are payable",
        "score": 0,
        "selected_by": [],
        "rules": [],
        "revenue": revenue_of(ordinary_parcel()),
        "legal_date": LEGAL_DATE.isoformat(),
        "versions": Versions("law-1", "risk-1", "data-1", "0.1", "ref-1"),
    }
    return Assessment(**{**ordinary, **fields})


def assessed(
    *,
    version: int = 1,
    manifest_id: str = "SP-0001",
    parcel_id: str = PARCEL_ID,
    parcel: Parcel | None = None,
    transport_mode: TransportMode = TransportMode.AIR,
    consignee: str = CONSIGNEE,
    received_at: datetime = RECEIVED_AT,
    arrival_at: datetime = ARRIVAL_AT,
    **fields: Any,
) -> Assessed:
    """An ordinary parcel as the assess room hands it on."""
    header = ManifestHeader(
        CARRIER,
        manifest_id,
        version,
        "DE",
        transport_mode,
        ISSUED_AT,
        DEPARTURE_AT,
        arrival_at,
        received_at,
    )
    parcel = parcel or ordinary_parcel(parcel_id=parcel_id)
    found = assessment(**{"revenue": revenue_of(parcel), **fields})
    kept = parcel if found.needs_officer else None
    return Assessed(header, parcel_id, found, kept, bytes.fromhex(consignee))


def of_data_set(specific_circumstance: str, ordinary: Assessed) -> Assessed:
    """A parcel as another data set announces it: F43 asks for receptacle links."""
    header = replace(ordinary.header, specific_circumstance=specific_circumstance)
    return replace(ordinary, header=header)


def selected(**fields: Any) -> Assessed:
    """The ordinary parcel, drawn at random for inspection."""
    return assessed(selected_by=DRAWN, **fields)


def result(verdict: InspectionVerdict, **fields: Any) -> InspectionResult:
    """An officer's result on the ordinary parcel."""
    ordinary: dict[str, Any] = {
        "result_id": "R-1",
        "carrier": CARRIER,
        "parcel_id": PARCEL_ID,
        "verdict": verdict,
        "inspected_at": RECEIVED_AT + timedelta(hours=20),
        "officer": "O-17",
    }
    return InspectionResult(**{**ordinary, **fields})


def payment(amount: str | Decimal = DUE, **fields: Any) -> Payment:
    """A payment for the ordinary parcel: all that is due."""
    ordinary: dict[str, Any] = {
        "payment_id": "P-1",
        "carrier": CARRIER,
        "parcel_id": PARCEL_ID,
        "amount": Decimal(amount),
        "currency": "EUR",
        "paid_at": RECEIVED_AT + timedelta(hours=21),
    }
    return Payment(**{**ordinary, **fields})


def movement(kind: MovementKind, **fields: Any) -> Movement:
    """A scan of the ordinary parcel."""
    ordinary: dict[str, Any] = {
        "movement_id": "M-1",
        "carrier": CARRIER,
        "parcel_id": PARCEL_ID,
        "kind": kind,
        "scanned_at": RECEIVED_AT,
    }
    return Movement(**{**ordinary, **fields})


def cancellation(version: int = 1, **fields: Any) -> Cancellation:
    """The carrier takes the ordinary parcel back."""
    ordinary: dict[str, Any] = {
        "cancellation_id": "C-1",
        "carrier": CARRIER,
        "parcel_id": PARCEL_ID,
        "manifest_id": "SP-0001",
        "version": version,
        "cancelled_at": RECEIVED_AT,
    }
    return Cancellation(**{**ordinary, **fields})


class Desk:
    """Feeds the room and reads what it said; each message comes a second after the last."""

    def __init__(
        self,
        *,
        on_account_carriers: frozenset[str] = frozenset(),
        scanned_carriers: frozenset[str] = frozenset(),
    ) -> None:
        room = DecideRoom(
            Shelf(load_rule_book()),
            on_account_carriers=on_account_carriers,
            scanned_carriers=scanned_carriers,
        )
        self.stream = MemoryStream([room])
        self._now_ms = FIRST_MS

    @property
    def now(self) -> datetime:
        """When the last message came."""
        return datetime.fromtimestamp(self._now_ms / 1000, UTC)

    def announce(self, *parcels: Assessed) -> "Desk":
        """Hand over one envelope."""
        return self.send("assessments", None, msgspec.msgpack.encode(parcels))

    def inspect(self, found: InspectionResult) -> "Desk":
        """Tell an inspection's result."""
        key = case_key(found.carrier, found.parcel_id).encode()
        return self.send("inspections", key, msgspec.json.encode(found))

    def pay(self, paid: Payment) -> "Desk":
        """Tell a payment."""
        key = case_key(paid.carrier, paid.parcel_id).encode()
        return self.send("payments", key, msgspec.json.encode(paid))

    def scan(self, kind: MovementKind, **fields: Any) -> "Desk":
        """Tell a scan."""
        moved = movement(kind, **fields)
        key = case_key(moved.carrier, moved.parcel_id).encode()
        return self.send("movements", key, msgspec.json.encode(moved))

    def cancel(self, cancelled: Cancellation) -> "Desk":
        """Tell a cancellation."""
        key = case_key(cancelled.carrier, cancelled.parcel_id).encode()
        return self.send("cancellations", key, msgspec.json.encode(cancelled))

    def file(self, data_set: DataSet, parcel_id: str = PARCEL_ID, **fields: Any) -> "Desk":
        """A partial filing speaks of the parcel."""
        filed = Filed(CARRIER, parcel_id, data_set, "F-1", **fields)
        return self.send("filings", None, msgspec.msgpack.encode([filed]))

    def wait(self, hours: int) -> "Desk":
        """Let time pass, and another parcel be scanned then: event time needs events."""
        self._now_ms += hours * HOUR_MS
        return self.scan(MovementKind.DEPARTED, parcel_id=f"OTHER-{self._now_ms}")

    def notices(self, parcel_id: str = PARCEL_ID) -> list[Notice]:
        """All notices about a parcel."""
        records = self.stream.read("notices")
        told = [msgspec.json.decode(record.value or b"", type=Notice) for record in records]
        return [notice for notice in told if notice.parcel_id == parcel_id]

    def reversed(self) -> list[tuple[str, str, int, str]]:
        """What the assess room is told to take back: consignee, case, version and manifest."""
        envelopes = self.stream.read("reversals")
        return [
            tuple(item) for record in envelopes for item in msgspec.msgpack.decode(record.value)
        ]

    def send(self, topic: str, key: bytes | None, value: bytes | None, **fields: Any) -> "Desk":
        """Any bytes at all."""
        self._now_ms += 1_000
        timestamp_ms = fields.pop("timestamp_ms", self._now_ms)
        self.stream.publish(topic, key=key, value=value, timestamp_ms=timestamp_ms, **fields)
        self.stream.run_until_idle()
        return self

    def records(self) -> list[Record]:
        """All outcome events."""
        return [record for topic in OUTCOME_TOPICS for record in self.stream.read(topic)]

    def events(self, parcel_id: str = PARCEL_ID) -> list[Decision]:
        """All decisions on a parcel, by event number."""
        decisions = [
            msgspec.json.decode(record.value or b"", type=Decision) for record in self.records()
        ]
        own = [decision for decision in decisions if decision.parcel_id == parcel_id]
        return sorted(own, key=lambda decision: decision.event_number)

    @property
    def last(self) -> Decision:
        """The decision that holds."""
        return self.events()[-1]

    def answers(self) -> list[Acknowledgement]:
        """All acknowledgements."""
        records = self.stream.read("acknowledgements")
        return [
            msgspec.json.decode(record.value or b"", type=Acknowledgement) for record in records
        ]

    def dead_letters(self) -> list[Record]:
        """All dead letters."""
        return self.stream.read("dead-letters")

    def codes(self) -> list[str]:
        """The error codes of all dead letters."""
        return [dict(letter.headers)["error_code"].decode() for letter in self.dead_letters()]

    def case(self, key: str = KEY) -> Case | None:
        """What the room remembers of a parcel."""
        return case_of(self.stream._workshop.state("decide", 0), key)
