"""The assess room: category, risk score and charges of each parcel."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from pipeline import __version__
from pipeline.assess.indicators_goods import goods_indicators
from pipeline.assess.indicators_history import history_indicators
from pipeline.assess.indicators_timing import timing_indicators
from pipeline.assess.indicators_value import value_indicators
from pipeline.assess.rules import RiskRules, load_risk_rules
from pipeline.assess.score import score
from pipeline.assess.select import drawn, select
from pipeline.assess.state import NO_EXPOSURE, Exposure, ExposureEntry
from pipeline.assess.subject import Indicator, Subject
from pipeline.errors import ErrorCode
from pipeline.model import (
    Announced,
    Assessed,
    Assessment,
    Reversal,
    RuleHit,
    Versions,
    case_key,
    consignee_key,
)
from pipeline.reference.version import reference_version
from pipeline.revenue.assess import assess_revenue
from pipeline.revenue.categorise import irg_category, low_value_limit
from pipeline.rulebook.book import UNCOVERED, RuleBook
from pipeline.rulebook.shelf import Shelf
from pipeline.rulebook.vendors import vendor_register
from pipeline.settings import Settings
from pipeline.stream import KeyedState, Outbox, Record
from pipeline.stream.murmur2 import partition_of

log = logging.getLogger(__name__)

EXPOSURE_KEPT_MS = 8 * 24 * 3_600_000
"""Longer than the widest window of 72 hours on both sides of an arrival."""
RESTRICTED_RULES = frozenset({"R05", "R08"})

_encode_envelope = msgspec.msgpack.Encoder().encode
_decode_envelope = msgspec.msgpack.Decoder(list[Announced]).decode
_decode_reversals = msgspec.msgpack.Decoder(list[Reversal]).decode


class AssessRoom:
    """Second room. Key of its work: the consignee."""

    name = "assess"
    inputs = ("parcels", "reversals")
    outputs = ("dead-letters",)
    state_type = Exposure
    enclosers = {"assessments": _encode_envelope}  # noqa: RUF012 - never changed

    def __init__(
        self, settings: Settings, law: Shelf, rules: RiskRules, data_rules_version: str
    ) -> None:
        self._law = law
        self._salt = settings.selection_salt.encode()
        self._per_million = settings.random_selection_per_million
        self._score_min = settings.inspection_score_min
        self._on_account = settings.carriers_on_account()
        self._vendors = vendor_register(settings.vendor_register_file)
        self._indicators: Sequence[Indicator] = (
            value_indicators(rules),
            goods_indicators(rules),
            history_indicators(rules),
            timing_indicators(rules),
        )
        self.versions = Versions(
            law.newest.version,
            rules.version,
            data_rules_version,
            __version__,
            self._vendors.beside(reference_version()),
        )
        """Of everything the decisions rest on, by the law of the release."""
        self._versions_by_book = {self.versions.rule_book: self.versions}

    def work(self, record: Record, state: KeyedState[Exposure], outbox: Outbox) -> None:
        """Work on one envelope of parcels, or of such as count no longer for their consignee."""
        if record.topic == "reversals":
            _reverse(record, state)
        else:
            self._assess_all(record, state, outbox)

    def _assess_all(self, record: Record, state: KeyedState[Exposure], outbox: Outbox) -> None:
        """Assess the parcels of one envelope; one that fails spoils only itself."""
        partitions = outbox.partitions_of("assessments")
        published = self._law.at(record.timestamp_ms)
        for announced in _decode_envelope(record.value or b""):
            consignee = consignee_key(announced.parcel.consignee)
            exposure = state.get(consignee) or NO_EXPOSURE
            try:
                assessed = self.assess(announced, exposure, published)
            except Exception as error:
                log.exception("a parcel could not be assessed; it goes to the dead letters")
                outbox.dead_letter(
                    record,
                    ErrorCode.INTERNAL_ERROR,
                    f"{type(error).__name__}: {error}",
                    value=_encode_envelope([announced]),
                    headers=[("parcels", b"1")],
                )
                continue
            key = case_key(announced.header.carrier, assessed.parcel_id)
            state.put(
                consignee,
                exposure.with_parcel(_exposure_entry(key, announced, assessed)),
                expires_at_ms=record.timestamp_ms + EXPOSURE_KEPT_MS,
            )
            counted = msgspec.structs.replace(assessed, consignee=bytes.fromhex(consignee))
            outbox.enclose("assessments", partition_of(key.encode(), partitions), counted)

    def assess(self, announced: Announced, exposure: Exposure, published: RuleBook) -> Assessed:
        """Everything about one parcel, by the newest law that was `published`. Pure."""
        header, parcel = announced.header, announced.parcel
        country = header.destination_country
        legal_date = published.legal_date(header.estimated_arrival_at, country)
        book = published.covering(legal_date)
        revenue = assess_revenue(
            parcel,
            destination_country=country,
            transport_mode=header.transport_mode,
            legal_date=legal_date,
            book=book,
            on_account=header.carrier in self._on_account,
            exported_on=header.departure_at.date(),
            same_day_goods=_same_day_goods(announced, exposure, book, legal_date),
            vendors=self._vendors,
        )
        limit = low_value_limit(book, country, legal_date)
        subject = Subject(header, parcel, announced.warnings, revenue, legal_date, limit, exposure)
        hits: list[RuleHit] = []
        for indicate in self._indicators:
            hits.extend(indicate(subject))
        category, reason = irg_category(
            parcel,
            revenue,
            restricted=any(hit.rule_id in RESTRICTED_RULES for hit in hits),
            legal_date=legal_date,
            destination_country=country,
            book=book,
        )
        points = score(hit.points for hit in hits)
        day = legal_date.isoformat()
        selected_by = select(
            hits=hits,
            score=points,
            score_min=self._score_min,
            drawn_at_random=drawn(
                salt=self._salt,
                case_key=case_key(header.carrier, parcel.parcel_id),
                legal_date=day,
                per_million=self._per_million,
            ),
        )
        assessment = Assessment(
            category, reason, points, selected_by, hits, revenue, day, self.versions_of(book)
        )
        kept = parcel if assessment.needs_officer else None
        return Assessed(header, parcel.parcel_id, assessment, kept, quality=announced.quality)

    def versions_of(self, book: RuleBook) -> Versions:
        """The versions with a book's; kept, because most parcels name the same."""
        versions = self._versions_by_book.get(book.version)
        if versions is None:
            versions = msgspec.structs.replace(self.versions, rule_book=book.version)
            self._versions_by_book[book.version] = versions
        return versions


def build_assess_room(settings: Settings, law: Shelf, data_rules_version: str) -> AssessRoom:
    """The room with the risk rules loaded."""
    return AssessRoom(settings, law, load_risk_rules(), data_rules_version)


def _same_day_goods(
    announced: Announced, exposure: Exposure, book: RuleBook, legal_date: date
) -> Decimal:
    """Value of the consignee's other parcels of the legal date, where the law adds them up.

    In its last version each: an amendment takes back what the version before it added.
    """
    country = announced.header.destination_country
    jurisdiction = book.jurisdiction_of(country)
    if not exposure.entries or jurisdiction == UNCOVERED:
        return Decimal(0)
    law = book.on(jurisdiction, legal_date)
    if not law.sums_days:
        return Decimal(0)

    def is_that_day(arrival_s: int) -> bool:
        return book.legal_date(datetime.fromtimestamp(arrival_s, UTC), country) == legal_date

    key = case_key(announced.header.carrier, announced.parcel.parcel_id)
    return exposure.goods_of_day(key, law.currency, is_that_day)


def _reverse(record: Record, state: KeyedState[Exposure]) -> None:
    """Take parcels back from what is remembered of their consignees."""
    for reversal in _decode_reversals(record.value or b""):
        exposure = state.get(reversal.consignee)
        if exposure:
            left = exposure.without(reversal.case_key, reversal.manifest_id, reversal.version)
            state.put(
                reversal.consignee, left, expires_at_ms=record.timestamp_ms + EXPOSURE_KEPT_MS
            )


def _exposure_entry(key: str, announced: Announced, assessed: Assessed) -> ExposureEntry:
    revenue = assessed.assessment.revenue
    return ExposureEntry(
        key,
        int(announced.header.estimated_arrival_at.timestamp()),
        revenue.intrinsic_value,
        revenue.currency,
        announced.header.version,
        announced.header.manifest_id,
    )
