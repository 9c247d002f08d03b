"""A decision in plain words, for officers and for the curious."""

from collections.abc import Iterator

from pipeline.model.decision import Decision, IrgCategory
from pipeline.model.revenue import CollectionModel, LawStatus

CATEGORY_NAMES = {
    IrgCategory.DOCUMENTS: "documents",
    IrgCategory.LOW_VALUE_NON_DUTIABLE: "low value, nothing payable",
    IrgCategory.LOW_VALUE_DUTIABLE: "low value, charges payable",
    IrgCategory.HIGH_VALUE: "high value or normal procedure",
}
COLLECTION_WORDS = {
    CollectionModel.NOTHING_DUE: "nothing is due",
    CollectionModel.AT_SALE: "tax was collected at sale",
    CollectionModel.ON_ACCOUNT: "secured by the carrier's account",
    CollectionModel.CONSIGNEE: "to be paid before release",
}


def explain(decision: Decision) -> list[str]:
    """Lines of text: a headline, then category, rules, money, law and versions."""
    return [_headline(decision), *_lines(decision)]


def _headline(decision: Decision) -> str:
    return (
        f"{decision.outcome.upper()}  parcel {decision.parcel_id} of {decision.carrier} "
        f"to {decision.destination_country}"
    )


def _lines(decision: Decision) -> Iterator[str]:
    yield decision.reason
    category = decision.irg_category
    yield f"Category {category:d} ({CATEGORY_NAMES[category]}): {decision.irg_reason}."
    yield from _risk(decision)
    yield from _money(decision)
    versions = decision.versions
    yield (
        f"Law of {decision.legal_date}; rule book {versions.rule_book}, risk rules "
        f"{versions.risk_rules}, data rules {versions.data_rules}."
    )


def _risk(decision: Decision) -> Iterator[str]:
    selected = ", ".join(reason.value for reason in decision.selected_by)
    yield f"Risk score {decision.score} of 100; selected by: {selected or 'nothing'}."
    for rule in decision.rules:
        weight = "mandatory" if rule.mandatory else f"{rule.points} points"
        yield (
            f"  {rule.rule_id} {rule.title}: observed {rule.observed}; "
            f"limit {rule.limit} ({weight})"
        )


def _money(decision: Decision) -> Iterator[str]:
    revenue = decision.revenue
    currency = revenue.currency
    yield (
        f"Intrinsic value {revenue.intrinsic_value} {currency}, customs value "
        f"{revenue.customs_value} {currency}"
        f"{f' at {revenue.exchange_rate}' if revenue.exchange_rate else ''}."
    )
    for line in revenue.lines:
        doubt = "" if line.status is LawStatus.ENACTED else f", {line.status}"
        yield (
            f"  {line.kind} {line.amount} {currency} = {line.rate} of {line.basis} "
            f"({line.legal_basis}{doubt})"
        )
    collected = COLLECTION_WORDS[revenue.collection]
    yield f"Total due {revenue.total_due} {currency}: {collected}."
    for remark in revenue.remarks:
        yield f"  Note: {remark}."
