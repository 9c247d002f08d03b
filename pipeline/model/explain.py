"""A decision in plain words, for officers, collectors and carriers."""

from decimal import Decimal

from pipeline.model.decision import Cause, Decision, IrgCategory, Outcome, RuleHit
from pipeline.model.filing import DataSet, Filings
from pipeline.model.revenue import (
    CollectionModel,
    LawStatus,
    NotCharged,
    NothingReason,
    RevenueAssessment,
    RevenueLine,
)

_OUTCOMES = {
    Outcome.RELEASE: "released",
    Outcome.INSPECTION: "held for inspection",
    Outcome.REVENUE: "held for payment",
    Outcome.REFUSED: "refused",
}
_CAUSES = {
    Cause.ASSESSMENT: "the first decision on this parcel",
    Cause.AMENDMENT: "the carrier amended its data",
    Cause.INSPECTION_RESULT: "result of inspection",
    Cause.PAYMENT: "payment",
}
_CATEGORIES = {
    IrgCategory.DOCUMENTS: "correspondence and documents",
    IrgCategory.LOW_VALUE_NON_DUTIABLE: "low value, nothing due",
    IrgCategory.LOW_VALUE_DUTIABLE: "low value, duty or tax due",
    IrgCategory.HIGH_VALUE: "high value or restricted, normal procedure",
}
_COLLECTIONS = {
    CollectionModel.NOTHING_DUE: "nothing is due at the border",
    CollectionModel.AT_SALE: "tax was collected at sale",
    CollectionModel.ON_ACCOUNT: "secured by the carrier's account",
    CollectionModel.CONSIGNEE: "to be paid before release",
}

NOTHING_REASONS = {
    NothingReason.ZERO_RATE: "the rate is zero",
    NothingReason.EXEMPT: "exempt",
    NothingReason.RELIEVED: "relieved",
    NothingReason.NOT_CHARGEABLE: "not chargeable",
    NothingReason.PREPAID: "prepaid",
    NothingReason.WAIVED: "too small to be levied",
}


def explain(decision: Decision) -> list[str]:
    """The whole decision in lines of text: outcome, category, rules, money, law and versions."""
    lines = [
        f"Parcel {decision.parcel_id} of {decision.carrier} is {_OUTCOMES[decision.outcome]}.",
        f"  Why: {decision.reason}",
        *_history(decision),
        _category(decision),
        *_data(decision),
        *_filings(decision.filings),
        *_risk(decision),
        *_money(decision.revenue),
        _law(decision),
    ]
    return [_printable(line) for line in lines]


def _history(decision: Decision) -> list[str]:
    announced = (
        f"  Announced on manifest {decision.manifest_id}, version {decision.parcel_version}, "
        f"to {decision.destination_country}."
    )
    caused_by = f" {decision.causing_id}" if decision.causing_id else ""
    event = f"  Event {decision.event_number}: {_CAUSES[decision.cause]}{caused_by}."
    if not decision.supersedes:
        return [announced, event]
    return [announced, event, f"  It replaces event {decision.supersedes}."]


def _category(decision: Decision) -> str:
    category = decision.irg_category
    return f"  Category {category.value} ({_CATEGORIES[category]}): {decision.irg_reason}."


def _data(decision: Decision) -> list[str]:
    quality = decision.data_quality
    if quality is None:
        return []
    timeliness = quality.timeliness.replace("_", " ") if quality.timeliness else "not known"
    complete, valid = quality.completeness_percent, quality.validity_percent
    return [f"  Data: {complete} % complete, {valid} % valid; timeliness: {timeliness}."]


def _filings(filings: Filings | None) -> list[str]:
    if filings is None:
        return []
    told = [f"joined by {_named(filings.joined)}"] if filings.joined else []
    if filings.receptacle_id:
        told.append(f"receptacle {filings.receptacle_id}")
    if filings.conveyance:
        flight = filings.conveyance
        arrival = f"arrives {flight.estimated_arrival_at:%Y-%m-%d %H:%M} UTC"
        told.append(" ".join(filter(None, [flight.transport_mode, flight.reference, arrival])))
    if filings.awaited:
        until = f"until {filings.due_at:%Y-%m-%d %H:%M} UTC" if filings.due_at else "overdue"
        told.append(f"{_named(filings.awaited)} awaited, {until}")
    return [f"  Partial filings: {'; '.join(told)}."]


def _named(data_sets: list[DataSet]) -> str:
    return ", ".join(data_set.replace("_", " ") for data_set in data_sets)


def _risk(decision: Decision) -> list[str]:
    if not decision.rules:
        return [f"  Risk score {decision.score} of 100: no rule fired."]
    return [f"  Risk score {decision.score} of 100:", *map(_rule, decision.rules)]


def _rule(hit: RuleHit) -> str:
    weight = "mandatory inspection" if hit.mandatory else f"{hit.points} points"
    limit = f", limit {hit.limit}" if hit.limit else ""
    where = f" at {hit.pointer}" if hit.pointer else ""
    return (
        f"    {hit.rule_id} version {hit.rule_version}, {hit.title}: {weight}; "
        f"observed {hit.observed or 'nothing'}{limit}{where}"
    )


def _money(revenue: RevenueAssessment) -> list[str]:
    currency = revenue.currency
    where = revenue.jurisdiction or "a country no rule book covers"
    value = f"{_amount(revenue.intrinsic_value)} {currency}"
    customs_value = f"{_amount(revenue.customs_value)} {currency}"
    lines = [f"  Duty and tax in {where}: goods of {value}, customs value {customs_value}."]
    if revenue.exchange_rate:
        lines.append(f"    Converted at {revenue.exchange_rate}")
    lines += [_charge(line, currency) for line in revenue.lines]
    lines += [_not_charged(each) for each in revenue.not_charged]
    lines.append(
        f"    Total {_amount(revenue.total_due)} {currency}: {_COLLECTIONS[revenue.collection]}."
    )
    if revenue.estimated:
        lines.append("    This is an estimate:")
    lines += [f"    - {remark}" for remark in revenue.remarks]
    return lines


def _charge(line: RevenueLine, currency: str) -> str:
    how = line.formula or f"{line.rate} on {_amount(line.basis)}"
    ground = _ground(line.rule_id, line.rule_version, line.legal_basis, line.status)
    return (
        f"    {line.kind.value} {_amount(line.amount)} {currency}: {how}"
        f"{_items(line.item_sequence_numbers)} ({ground})"
    )


def _not_charged(each: NotCharged) -> str:
    ground = _ground(each.rule_id, each.rule_version, each.legal_basis, each.status)
    return (
        f"    no {each.kind.value} ({each.charge}): {NOTHING_REASONS[each.reason]}, "
        f"{each.title}{_items(each.item_sequence_numbers)} ({ground})"
    )


def _items(numbers: list[int]) -> str:
    return f", items {', '.join(map(str, numbers))}" if numbers else ""


def _ground(rule_id: str, version: str, legal_basis: str, status: LawStatus) -> str:
    since = f" of {version}" if version else ""
    unsure = "" if status is LawStatus.ENACTED else f", law {status.value}"
    return f"{rule_id}{since}; {legal_basis}{unsure}"


def _law(decision: Decision) -> str:
    versions = decision.versions
    reference = f" reference data {versions.reference_data}," if versions.reference_data else ""
    return (
        f"  Law of {decision.legal_date}; rule book {versions.rule_book}, risk rules "
        f"{versions.risk_rules}, data rules {versions.data_rules},{reference} "
        f"software {versions.software}."
    )


def _printable(line: str) -> str:
    """Senders' texts stand in it: nothing in them may act on a screen."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line)


def _amount(amount: Decimal) -> str:
    return f"{amount:f}"
