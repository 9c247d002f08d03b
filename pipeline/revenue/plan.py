"""The law of a day for parcels of one situation: rules made ready to run.

What is alike for many parcels is decided once here; what remains are the tests of values and goods.
"""

from dataclasses import dataclass

from pipeline.model import LawStatus
from pipeline.revenue.charging import Charging, Ground
from pipeline.revenue.conditions import (
    Condition,
    ItemTest,
    cited_limits,
    item_conditions,
    parcel_conditions,
    value_conditions,
)
from pipeline.revenue.outcomes import FixedAmount, Outcome, nothing_outcome, share_outcome
from pipeline.revenue.situation import Situation, excluded_by
from pipeline.revenue.tariff_duty import tariff_outcome
from pipeline.rulebook.book import DatedValue, Law, expanded
from pipeline.rulebook.law_files import ChargeEntry, RuleEntry
from pipeline.rulebook.units import TO_THE_CENT, Rounding, rounding_of

NOT_VERIFIED = "what holds on this date is not verified"


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule that can apply. Without an outcome it only says what is in doubt."""

    conditions: tuple[Condition, ...]
    item_tests: tuple[ItemTest, ...]
    doubts: tuple[str, ...]
    outcome: Outcome | None
    settles: bool  # whether its items are done with
    for_vendors: bool


@dataclass(frozen=True, slots=True)
class PlannedCharge:
    """A charge with the rules that can apply, in their order."""

    charging: Charging
    needed: bool
    follows: str
    waived_up_to: DatedValue | None
    rules: tuple[PlannedRule, ...]
    vendor_refusal: str  # why no vendor's id can count here


def plan_of(law: Law, situation: Situation) -> tuple[PlannedCharge, ...]:
    """All charges that may be due in a situation, in the order in which they are computed."""
    planned = [_planned_charge(charge, law, situation) for charge in law.charges]
    return tuple(charge for charge in planned if charge.rules or charge.needed)


def _planned_charge(charge: ChargeEntry, law: Law, situation: Situation) -> PlannedCharge:
    charging = Charging(
        charge.id,
        charge.title,
        charge.kind,
        _rounding(law, charge.rounding) or TO_THE_CENT,
        _rounding(law, charge.rounding_of_basis),
    )
    planner = _Planner(law, situation, charging, needed=charge.needed)
    rules: list[PlannedRule] = []
    refusal = ""
    for rule in charge.rules:
        excluded = excluded_by(rule.when, situation)
        if excluded:
            refusal = refusal or (f"{rule.title}: {excluded}" if rule.when.vendor_id else "")
        else:
            rules += planner.planned(rule)
    waiver = law.value(charge.waived_up_to) if charge.waived_up_to else None
    return PlannedCharge(
        charging,
        charge.needed,
        charge.follows,
        waiver if waiver and waiver.number is not None else None,
        tuple(rules),
        "" if any(rule.for_vendors for rule in rules) else refusal,
    )


def _rounding(law: Law, parameter_id: str) -> Rounding | None:
    text = law.value(parameter_id).text if parameter_id else None
    return rounding_of(text) if text else None


class _Planner:
    """Makes the rules of one charge ready."""

    def __init__(self, law: Law, situation: Situation, charging: Charging, *, needed: bool) -> None:
        self._law, self._situation = law, situation
        self._charging, self._needed = charging, needed

    def planned(self, rule: RuleEntry) -> list[PlannedRule]:
        """The rule, with doubts about its limits before it; empty while it is not in force."""
        limits = cited_limits(rule.when, self._law)
        unsure = tuple(_doubt(limit) for limit in limits if not limit.is_verified)
        in_force = all(limit.number is not None for limit in limits)
        others = tuple(parcel_conditions(rule.when, self._law))
        item_tests = tuple(item_conditions(rule.when, self._law)) if in_force else ()
        before = [PlannedRule(others, item_tests, unsure, None, False, False)] if unsure else []
        cited = self._cited(rule)
        if not in_force or cited is None:
            return before
        missing = [value for value in cited.values() if value.text is None]
        if any(value.is_verified for value in missing):
            return before
        return [
            *before,
            PlannedRule(
                (*value_conditions(rule.when, self._law), *others),
                item_tests,
                _doubts(rule, cited),
                None if missing or rule.unknown else self._outcome(rule, cited),
                not missing,
                bool(rule.when.vendor_id),
            ),
        ]

    def _cited(self, rule: RuleEntry) -> dict[str, DatedValue] | None:
        """The parameters that the outcome rests on; None if the place has none of its own."""
        cited: dict[str, DatedValue] = {}
        for name in ("rate", "amount", "factor", "minus", "least", "most", "at_most"):
            pattern = getattr(rule, name)
            if not pattern:
                continue
            situation = self._situation
            parameter_id = expanded(
                pattern, destination=situation.destination, region=situation.region
            )
            if parameter_id not in self._law.values:
                return None
            cited[name] = self._law.value(parameter_id)
        return cited

    def _outcome(self, rule: RuleEntry, cited: dict[str, DatedValue]) -> Outcome:
        charging = self._charging
        if rule.tariff:
            rates = self._law.tariffs[rule.tariff]
            return tariff_outcome(rule, charging, rates, cited.get("at_most"), needed=self._needed)
        if rule.rate:
            return share_outcome(rule, charging, _ground_of(rule, cited["rate"]), cited)
        if rule.amount:
            amount = cited["amount"]
            return FixedAmount(rule, charging, _ground_of(rule, amount), amount)
        limits = cited_limits(rule.when, self._law)
        since = max([rule.start, *(limit.since for limit in limits if limit.since)])
        ground = Ground(rule.id, rule.title, rule.legal_basis, rule.status, since.isoformat())
        return nothing_outcome(rule, charging, ground)


def _doubts(rule: RuleEntry, cited: dict[str, DatedValue]) -> tuple[str, ...]:
    doubts = [_doubt(value) for value in cited.values() if not value.is_verified]
    if rule.status is LawStatus.UNVERIFIED:
        doubts.append(f"{rule.title}: {NOT_VERIFIED}")
    return (*doubts, *filter(None, (rule.doubt, rule.unknown)))


def _ground_of(rule: RuleEntry, value: DatedValue) -> Ground:
    """The parameter that gives the amount is what a line rests on; the less sure status counts."""
    status = rule.status if rule.status is LawStatus.UNVERIFIED else value.status
    since = max(value.since or rule.start, rule.start)
    return Ground(value.id, value.title, value.legal_basis, status, since.isoformat())


def _doubt(value: DatedValue) -> str:
    return f"{value.title}: {NOT_VERIFIED}"
