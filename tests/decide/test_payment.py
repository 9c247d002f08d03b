"""What payments do."""

from decimal import Decimal

import pytest

from pipeline.decide.state import FEEDBACK_PER_CASE_MAX, CaseState
from pipeline.model import Cause, DecisionNoted, FeedbackNoted, InspectionVerdict, Outcome
from tests.decide.desk import Desk, assessed, payment, result, selected


def test_payment_in_full_releases() -> None:
    """What was due is paid."""
    desk = Desk().announce(assessed()).pay(payment())
    assert desk.last.outcome is Outcome.RELEASE
    assert desk.last.reason == "Released: 9.06 EUR paid in full."
    assert (desk.last.cause, desk.last.causing_id) == (Cause.PAYMENT, "P-1")


def test_partial_payments_add_up() -> None:
    """The collector reads what is left; the last part releases."""
    desk = Desk().announce(assessed()).pay(payment("5", payment_id="P-1"))
    assert desk.last.outcome is Outcome.REVENUE
    assert desk.last.reason == "Held for payment: 5 of 9.06 EUR paid, 4.06 left to pay."
    assert desk.pay(payment("4.06", payment_id="P-2")).last.outcome is Outcome.RELEASE


def test_what_is_paid_too_much_is_due_for_refund() -> None:
    """The parcel is released, and the reason names the difference."""
    desk = Desk().announce(assessed()).pay(payment("10"))
    assert desk.last.reason == "Released: 10 EUR paid in full; 0.94 EUR are due for refund."
    revenue = desk.last.revenue
    assert (revenue.paid, revenue.refund_due) == (Decimal(10), Decimal("0.94"))


def test_a_payment_during_an_inspection_counts_once_the_result_is_there() -> None:
    """As when the parcel was selected by an amendment while money was on its way."""
    desk = Desk().announce(selected()).pay(payment())
    assert desk.last.outcome is Outcome.INSPECTION
    assert desk.last.reason == (
        "Held for inspection: the result is awaited; 9.06 EUR paid meanwhile."
    )
    desk.inspect(result(InspectionVerdict.COMPLIANT))
    assert (desk.last.outcome, desk.last.revenue.refund_due) == (Outcome.RELEASE, 0)


def test_what_was_paid_for_a_refused_parcel_is_due_for_refund() -> None:
    """All of it."""
    desk = Desk().announce(selected()).pay(payment("5"))
    desk.inspect(result(InspectionVerdict.PROHIBITED))
    assert (desk.last.outcome, desk.last.revenue.refund_due) == (Outcome.REFUSED, Decimal(5))


@pytest.mark.parametrize(
    "wrong",
    [
        *({"amount": amount} for amount in ("0", "-1", "NaN", "Infinity", "1e12", "0.00001")),
        {"currency": "eur"},
        {"currency": "QQQ"},
    ],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_what_nobody_can_pay_is_kept(wrong: dict[str, str], is_known: bool) -> None:
    """Neither nothing, nor less, nor beyond all limits, nor parts of the smallest coin."""
    desk = Desk().announce(*([assessed()] if is_known else [])).pay(payment(**wrong))
    assert (desk.codes(), len(desk.events())) == (["invalid_message"], is_known)


def test_a_repeated_payment_has_no_second_effect() -> None:
    """The same payment id counts once."""
    desk = Desk().announce(assessed()).pay(payment("5")).pay(payment("5"))
    case = desk.case()
    assert case is not None
    assert (case.paid, case.state) == (Decimal(5), CaseState.AWAITING_PAYMENT)
    assert desk.stream.notes[-1] == FeedbackNoted("payment", "repeated")


def test_a_payment_and_a_result_may_have_the_same_id() -> None:
    """Officers and collectors number for themselves."""
    desk = Desk().announce(selected())
    desk.inspect(result(InspectionVerdict.COMPLIANT, result_id="1")).pay(payment(payment_id="1"))
    assert desk.last.outcome is Outcome.RELEASE


def test_a_case_takes_in_a_bounded_number_of_messages() -> None:
    """What comes beyond the bound is kept for a person."""
    desk = Desk().announce(assessed())
    for number in range(FEEDBACK_PER_CASE_MAX + 1):
        desk.pay(payment("0.01", payment_id=f"P-{number}"))
    case = desk.case()
    assert case is not None
    assert case.paid == Decimal("0.01") * FEEDBACK_PER_CASE_MAX
    assert desk.codes() == ["illegal_move"]


def test_an_applied_payment_is_noted_with_the_time_from_which_its_latency_counts() -> None:
    """The broker timestamp of the payment, not of the manifest."""
    desk = Desk().announce(assessed()).pay(payment())
    decided, fed_back = desk.stream.notes[-2:]
    assert isinstance(decided, DecisionNoted)
    assert decided.received_at_ms == desk.stream.read("payments")[0].timestamp_ms
    assert fed_back == FeedbackNoted("payment", "applied")
