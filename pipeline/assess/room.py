"""The assess room: category, risk score and charges of each parcel."""

import logging
from collections.abc import Sequence

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
from pipeline.rulebook.book import RuleBook
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
        self, settings: Settings, book: RuleBook, rules: RiskRules, data_rules_version: str
    ) -> None:
        self._book = book
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
            book.version,
            rules.version,
            data_rules_version,
            __version__,
            self._vendors.beside(reference_version()),
        )
        """Of everything the decisions rest on."""

    def work(self, record: Record, state: KeyedState[Exposure], outbox: Outbox) -> None:
        """Work on one envelope of parcels, or of such as count no longer for their consignee."""
        if record.topic == "reversals":
            _reverse(record, state)
        else:
            self._assess_all(record, state, outbox)

    def _assess_all(self, record: Record, state: KeyedState[Exposure], outbox: Outbox) -> None:
        """Assess the parcels of one envelope; one that fails spoils only itself."""
        partitions = outbox.partitions_of("assessments")
        for announced in _decode_envelope(record.value or b""):
            consignee = consignee_key(announced.parcel.consignee)
            exposure = state.get(consignee) or NO_EXPOSURE
            try:
                assessed = self.assess(announced, exposure)
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

    def assess(self, announced: Announced, exposure: Exposure) -> Assessed:
        """Everything about one parcel. Pure."""
        header, parcel = announced.header, announced.parcel
        country = header.destination_country
        legal_date = self._book.legal_date(header.estimated_arrival_at, country)
        revenue = assess_revenue(
            parcel,
            destination_country=country,
            transport_mode=header.transport_mode,
            legal_date=legal_date,
            book=self._book,
            on_account=header.carrier in self._on_account,
            vendors=self._vendors,
        )
        limit = low_value_limit(self._book, country, legal_date)
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
            book=self._book,
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
            category, reason, points, selected_by, hits, revenue, day, self.versions
        )
        kept = parcel if assessment.needs_officer else None
        return Assessed(header, parcel.parcel_id, assessment, kept)


def build_assess_room(settings: Settings, book: RuleBook, data_rules_version: str) -> AssessRoom:
    """The room with the risk rules loaded."""
    return AssessRoom(settings, book, load_risk_rules(), data_rules_version)


def _reverse(record: Record, state: KeyedState[Exposure]) -> None:
    """Take parcels back from what is remembered of their consignees."""
    for reversal in _decode_reversals(record.value or b""):
        exposure = state.get(reversal.consignee)
        if exposure:
            left = exposure.without_parcel(reversal.case_key, reversal.version)
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
    )
