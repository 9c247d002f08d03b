"""Where an assessed parcel goes: to inspection, to revenue, or out. Pure functions."""

from decimal import Decimal
from typing import NamedTuple

from pipeline.decide.state import CaseState
from pipeline.model import (
    Assessment,
    CollectionModel,
    Outcome,
    RevenueAssessment,
    RuleHit,
    SelectedBy,
)

ZERO = Decimal(0)
RULES_NAMED_MAX = 3


class Ruling(NamedTuple):
    """An outcome, the state it puts the case into, and its reason in one sentence."""

    outcome: Outcome
    state: CaseState
    reason: str


_NOTHING_DUE = Ruling(
    Outcome.RELEASE,
    CaseState.RELEASED,
    "Released: nothing is due and nothing was selected.",
)
_AT_SALE = Ruling(
    Outcome.RELEASE,
    CaseState.RELEASED,
    "Released: tax was collected at sale and nothing was selected.",
)


def rule_on(assessment: Assessment, paid: Decimal = ZERO) -> Ruling:
    """The ruling on a parcel nobody has looked into yet.

    Inspection if it was selected; else revenue if an unsecured amount is left to pay; else
    release, unless the assessment is an estimate of nothing: such a parcel goes to an officer,
    because a release would rest on law nobody has verified, and there is no amount to ask for.
    An estimate that an account secures is released: the account answers for the final amount.
    """
    if assessment.selected_by:
        return _to_inspection(_selection_reason(assessment))
    revenue = assessment.revenue
    left = left_to_pay(revenue, paid)
    if left > 0:
        return _to_revenue(f"{left:f} {revenue.currency} must be paid before release", revenue)
    if assessment.needs_officer:
        why = "; ".join(revenue.remarks) or "it rests on an estimate"
        return _to_inspection(f"what is due could not be established: {why}")
    if revenue.collection is CollectionModel.ON_ACCOUNT:
        amount = _on_account(revenue) or revenue.total_due
        secured = f"{amount:f} {revenue.currency} are secured by the carrier's account"
        return released(secured, revenue, paid)
    if revenue.unsecured_due:
        return released(f"what is due was paid before ({paid:f} {revenue.currency})", revenue, paid)
    at_sale = revenue.collection is CollectionModel.AT_SALE
    if paid:
        why = "tax was collected at sale" if at_sale else "nothing is due"
        return released(f"{why}, but {paid:f} {revenue.currency} were paid", revenue, paid)
    return _AT_SALE if at_sale else _NOTHING_DUE


def settle_inspected(finding: str, revenue: RevenueAssessment, paid: Decimal) -> Ruling:
    """The ruling after an inspection: revenue if something is left to pay, else release.

    The officer's finding stands in for what an estimate leaves open.
    """
    left = left_to_pay(revenue, paid)
    if left > 0:
        what = f"{finding}; {left:f} {revenue.currency} must be paid before release"
        return _to_revenue(what, revenue, inspected=True)
    on_account = _on_account(revenue)
    if on_account:
        finding += f"; {on_account:f} {revenue.currency} are secured by the carrier's account"
    return released(finding, revenue, paid)


def left_to_pay(revenue: RevenueAssessment, paid: Decimal) -> Decimal:
    """What must still be paid before release; not above zero: nothing."""
    return revenue.unsecured_due - paid if paid else revenue.unsecured_due


def released(why: str, revenue: RevenueAssessment, paid: Decimal = ZERO) -> Ruling:
    """A release; names what was paid too much, and an estimate as such."""
    over = paid - revenue.unsecured_due
    refund = f"; {over:f} {revenue.currency} are due for refund" if over > 0 else ""
    return Ruling(
        Outcome.RELEASE,
        CaseState.RELEASED,
        f"Released: {why}{refund}{_estimate_note(revenue)}.",
    )


def still_to_pay(why: str, revenue: RevenueAssessment, state: CaseState) -> Ruling:
    """A partial payment: the parcel stays where it is."""
    return Ruling(Outcome.REVENUE, state, f"Held for payment: {why}{_estimate_note(revenue)}.")


def still_under_inspection(why: str) -> Ruling:
    """A payment while an officer has the parcel."""
    return _to_inspection(f"the result is awaited; {why}")


def refused(why: str) -> Ruling:
    """The end of an inspection that found prohibited goods."""
    return Ruling(Outcome.REFUSED, CaseState.REFUSED, f"Refused: {why}.")


def _on_account(revenue: RevenueAssessment) -> Decimal:
    return revenue.account_used + revenue.account_reserved


def _to_inspection(why: str) -> Ruling:
    return Ruling(Outcome.INSPECTION, CaseState.UNDER_INSPECTION, f"Held for inspection: {why}.")


def _to_revenue(why: str, revenue: RevenueAssessment, *, inspected: bool = False) -> Ruling:
    state = CaseState.AWAITING_PAYMENT_INSPECTED if inspected else CaseState.AWAITING_PAYMENT
    return still_to_pay(why, revenue, state)


def _estimate_note(revenue: RevenueAssessment) -> str:
    if not revenue.estimated:
        return ""
    return f" (an estimate: {'; '.join(revenue.remarks) or 'it rests on unverified law'})"


def _selection_reason(assessment: Assessment) -> str:
    reasons = []
    for selected_by in assessment.selected_by:
        if selected_by is SelectedBy.MANDATORY:
            mandatory = [hit for hit in assessment.rules if hit.mandatory]
            reasons.append(f"a mandatory profile requires it{_named(mandatory)}")
        elif selected_by is SelectedBy.SCORE:
            weighty = sorted(
                (hit for hit in assessment.rules if hit.points),
                key=lambda hit: (-hit.points, hit.rule_id),
            )
            reasons.append(f"its risk score is {assessment.score} of 100{_named(weighty)}")
        else:
            reasons.append("it was drawn at random")
    return "; ".join(reasons)


def _named(hits: list[RuleHit]) -> str:
    titles = [hit.title for hit in hits[:RULES_NAMED_MAX]]
    return f" ({', '.join(titles)})" if titles else ""
