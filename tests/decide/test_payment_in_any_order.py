"""Payments before a request, after a release, in another currency: no cent is lost or doubled."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decide.early import early_of
from pipeline.decide.notify import REFUND_TEXTS
from pipeline.decide.state import CaseState
from pipeline.model import (
    DataSet,
    FeedbackNoted,
    InspectionVerdict,
    MovementKind,
    NoticeKind,
    Outcome,
    RefundReason,
)
from tests.accounts.bank import LIMIT, Bank, owing
from tests.builders import parcel as ordinary_parcel
from tests.decide.desk import (
    DUE,
    KEY,
    NOTHING_DUE,
    Desk,
    assessed,
    cancellation,
    payment,
    result,
    revenue_of,
    selected,
)

ALL = frozenset({"*"})
DAYS_31 = 31 * 24
ZERO = Decimal(0)


def refunds(desk: Desk) -> list[tuple[str, str, str, str]]:
    """Amount, currency, reason and cause of each refund told, in order."""
    return [
        (str(n.refund.amount), n.refund.currency, n.refund.reason.value, n.causing_id)
        for n in desk.notices()
        if n.refund
    ]


def waiting(desk: Desk) -> list[Decimal]:
    """Amounts of the payments that wait for the ordinary parcel."""
    memory = desk.stream._workshop.state("decide", 0)
    return [early.amount for early in early_of(desk.case(), KEY, memory)]


def test_a_payment_before_its_parcel_releases_it_when_it_comes() -> None:
    """It waits without a word, and counts once there is a request."""
    desk = Desk().pay(payment())
    assert (desk.events(), desk.notices(), desk.codes()) == ([], [], [])
    assert desk.stream.notes == [FeedbackNoted("payment", "waiting")]
    desk.announce(assessed())
    assert desk.last.outcome is Outcome.RELEASE
    assert desk.last.reason == "Released: what is due was paid before (9.06 EUR)."
    assert (desk.last.revenue.paid, desk.last.revenue.refund_due) == (DUE, 0)
    assert (waiting(desk), refunds(desk)) == ([], [])


def test_early_and_late_parts_add_up() -> None:
    desk = Desk().pay(payment("5")).announce(assessed())
    assert desk.last.reason == "Held for payment: 4.06 EUR must be paid before release."
    assert desk.pay(payment("4.06", payment_id="P-2")).last.outcome is Outcome.RELEASE


def test_a_repeat_of_an_early_payment_counts_once_before_and_after_the_request() -> None:
    desk = Desk().pay(payment("5")).pay(payment("5")).announce(assessed()).pay(payment("5"))
    case = desk.case()
    assert case is not None
    assert (case.paid, case.state) == (Decimal(5), CaseState.AWAITING_PAYMENT)
    assert [note.effect for note in desk.stream.notes if isinstance(note, FeedbackNoted)] == [
        *("waiting", "repeated", "repeated")
    ]


def test_an_early_payment_counts_once_the_result_is_there() -> None:
    desk = Desk().pay(payment()).announce(selected())
    assert desk.last.outcome is Outcome.INSPECTION
    assert desk.inspect(result(InspectionVerdict.COMPLIANT)).last.outcome is Outcome.RELEASE


@pytest.mark.parametrize(
    ("revenue", "reason"),
    [
        (revenue_of(ordinary_parcel()), "what is due was paid before (10 EUR); 0.94 EUR are due"),
        (NOTHING_DUE, "nothing is due, but 10 EUR were paid; 10 EUR are due"),
        (revenue_of(ordinary_parcel(), on_account=True), "carrier's account; 10 EUR are due"),
    ],
)
def test_what_was_paid_early_beyond_what_is_due_goes_back(revenue: Any, reason: str) -> None:
    desk = Desk().pay(payment("10")).announce(assessed(revenue=revenue))
    assert desk.last.outcome is Outcome.RELEASE
    assert f"{reason} for refund" in desk.last.reason
    assert refunds(desk) == [(str(desk.last.revenue.refund_due), "EUR", "overpaid", "")]


def test_an_account_secures_only_what_an_early_payment_left() -> None:
    bank = Bank().order(LIMIT, "100").pay(payment("4", parcel_id="A")).announce(owing("9", "A"))
    assert bank.events("A")[-1].outcome is Outcome.RELEASE
    assert bank.held == 5


def test_a_payment_counts_for_a_parcel_that_waits_for_a_slice() -> None:
    """The parcel is not known until the account has answered."""
    bank = Bank(partitions=1).order(LIMIT, "100")
    bank.idle_after_each = False
    bank.announce(owing("9", "A")).pay(payment("9", parcel_id="A"))
    bank.stream.run_until_idle()
    refunded = sum(n.refund.amount for n in bank.notices("A") if n.refund)
    assert bank.events("A")[-1].outcome is Outcome.RELEASE
    assert bank.held + Decimal(9) - refunded == 9


def test_a_payment_in_another_currency_goes_back_whenever_it_comes() -> None:
    """Nobody asked for it; the case goes on as it was."""
    early = Desk().pay(payment(currency="USD")).announce(assessed())
    late = Desk().announce(assessed()).pay(payment(currency="USD"))
    for desk in (early, late):
        assert refunds(desk) == [("9.06", "USD", "other_currency", "P-1")]
        assert [event.outcome for event in desk.events()] == [Outcome.REVENUE]
        assert waiting(desk) == []


def test_an_amendment_into_another_currency_gives_back_what_was_paid() -> None:
    yen = revenue_of(ordinary_parcel())
    yen = type(yen)(
        **{name: getattr(yen, name) for name in yen.__struct_fields__} | {"currency": "JPY"}
    )
    desk = Desk().announce(assessed()).pay(payment("5")).announce(assessed(version=2, revenue=yen))
    assert refunds(desk) == [("5", "EUR", "other_currency", "")]


def closed_unseen() -> Desk:
    return Desk(scanned_carriers=ALL).announce(assessed()).wait(DAYS_31).wait(DAYS_31)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Desk().announce(assessed()).pay(payment(payment_id="P-0")), "after_release"),
        (
            lambda: Desk().announce(selected()).inspect(result(InspectionVerdict.PROHIBITED)),
            "refused_entry",
        ),
        (lambda: Desk().cancel(cancellation()), "case_ended"),
        (closed_unseen, "case_ended"),
    ],
)
def test_a_payment_for_a_case_that_is_over_goes_back(make: Callable[[], Desk], reason: str) -> None:
    """Once, however often it is repeated; no event of the case follows."""
    desk = make()
    events = len(desk.events())
    desk.pay(payment()).pay(payment())
    assert refunds(desk) == [("9.06", "EUR", reason, "P-1")]
    assert (len(desk.events()), desk.codes()) == (events, [])


def test_a_refused_parcel_gives_back_all_that_was_paid() -> None:
    desk = Desk().announce(selected()).pay(payment("5"))
    desk.inspect(result(InspectionVerdict.PROHIBITED))
    assert refunds(desk) == [("5", "EUR", "refused_entry", "R-1")]


def test_a_release_that_is_cancelled_gives_back_what_was_kept_and_no_more() -> None:
    """What was paid too much went back before."""
    desk = Desk().announce(assessed()).pay(payment("10")).cancel(cancellation())
    assert refunds(desk) == [
        ("0.94", "EUR", "overpaid", "P-1"),
        ("9.06", "EUR", "case_ended", "C-1"),
    ]


def test_a_cancellation_that_overtakes_the_parcel_gives_back_what_waits() -> None:
    desk = Desk().pay(payment()).cancel(cancellation())
    assert refunds(desk) == [("9.06", "EUR", "case_ended", "P-1")]
    assert waiting(desk) == []
    end = next(n for n in desk.notices() if n.kind is NoticeKind.CANCELLED)
    assert "will be refused; 9.06 EUR paid before are due for refund" in end.text


def test_a_payment_that_waited_in_vain_goes_back_once() -> None:
    """After 30 days of event time; a repeat after that has no effect, nor has it a later parcel."""
    desk = Desk().pay(payment()).wait(29 * 24)
    assert (waiting(desk), refunds(desk)) == ([DUE], [])
    desk.wait(48).wait(1)
    assert refunds(desk) == [("9.06", "EUR", "no_request", "P-1")]
    desk.pay(payment()).announce(assessed())
    assert len(refunds(desk)) == 1
    assert desk.last.outcome is Outcome.REVENUE


def test_a_payment_whose_time_has_passed_does_not_count_for_a_parcel_of_that_moment() -> None:
    """The parcel itself moves event time on: the payment is given back in the same cycle."""
    desk = Desk().pay(payment())
    desk._now_ms += DAYS_31 * 3_600_000
    desk.announce(assessed()).wait(1)
    assert desk.last.outcome is Outcome.REVENUE
    assert refunds(desk) == [("9.06", "EUR", "no_request", "P-1")]


def test_scans_and_filings_leave_an_early_payment_where_it_is() -> None:
    desk = Desk(scanned_carriers=ALL).file(DataSet.PRE_LOADING).pay(payment())
    desk.scan(MovementKind.DEPARTED).announce(assessed())
    assert desk.last.outcome is Outcome.RELEASE


def test_a_parcel_whose_data_never_came_gives_back_what_was_paid() -> None:
    """Its case is closed by a deadline; the payment came shortly before."""
    desk = Desk(scanned_carriers=ALL).scan(MovementKind.ARRIVED).wait(48).wait(88 * 24 - 48)
    desk.pay(payment()).wait(72).wait(1)
    case = desk.case()
    assert case is not None
    assert case.state is CaseState.CLOSED
    assert refunds(desk) == [("9.06", "EUR", "case_ended", "P-1")]


PAYMENTS = st.lists(
    st.builds(
        lambda amount, currency: (amount, currency),
        st.decimals(min_value="0.01", max_value="12", places=2),
        st.sampled_from(["EUR", "EUR", "EUR", "USD"]),
    ),
    min_size=1,
    max_size=5,
)
OTHERS: list[Callable[[Desk], object]] = [
    lambda desk: desk.announce(assessed()),
    lambda desk: desk.announce(selected(version=2)),
    lambda desk: desk.announce(assessed(version=3)),
    lambda desk: desk.announce(assessed(version=4, revenue=NOTHING_DUE)),
    lambda desk: desk.announce(assessed(manifest_id="SP-0002")),
    lambda desk: desk.cancel(cancellation(3)),
    lambda desk: desk.inspect(result(InspectionVerdict.COMPLIANT)),
    lambda desk: desk.inspect(result(InspectionVerdict.PROHIBITED, result_id="R-2")),
    lambda desk: desk.scan(MovementKind.DEPARTED),
    lambda desk: desk.scan(MovementKind.ARRIVED),
    lambda desk: desk.wait(DAYS_31),
    lambda desk: desk.wait(60 * 24),
]


def books(desk: Desk) -> dict[str, Decimal]:
    """By currency, what was collected, refunded, or waits: all that was received."""
    total = {"EUR": ZERO, "USD": ZERO}
    case = desk.case()
    if case is not None and case.paid:
        total[case.currency] += case.paid
    for amount, currency, _, _ in refunds(desk):
        total[currency] += Decimal(amount)
    memory = desk.stream._workshop.state("decide", 0)
    for early in early_of(case, KEY, memory):
        total[early.currency] += early.amount
    return total


@settings(max_examples=150, deadline=None)
@given(paid=PAYMENTS, data=st.data())
def test_money_received_is_collected_refunded_or_waits(
    paid: list[tuple[Decimal, str]], data: st.DataObject
) -> None:
    """To the cent, in any order and with any repeats of payments among all that may happen."""
    messages = [
        payment(amount, payment_id=f"P-{n}", currency=currency)
        for n, (amount, currency) in enumerate(paid)
    ]
    again = data.draw(st.lists(st.sampled_from(messages), max_size=3))
    pay = [lambda desk, each=each: desk.pay(each) for each in messages + again]
    others = data.draw(st.lists(st.sampled_from(OTHERS), max_size=6))
    desk = Desk(scanned_carriers=ALL)
    for happens in data.draw(st.permutations(pay + others)):
        happens(desk)
    received = {
        currency: sum((a for a, c in paid if c == currency), ZERO) for currency in ("EUR", "USD")
    }
    assert books(desk) == received
    assert set(desk.codes()) <= {"illegal_move", "unknown_parcel"}  # of results, never of payments
    assert all(letter.key == KEY.encode() for letter in desk.dead_letters())
    ids = [notice.notice_id for notice in desk.notices() if notice.refund]
    assert len(set(ids)) == len(ids)


@settings(max_examples=60, deadline=None)
@given(paid=PAYMENTS, data=st.data())
def test_any_order_of_payments_around_the_parcel_ends_alike(
    paid: list[tuple[Decimal, str]], data: st.DataObject
) -> None:
    """Released exactly if the payments in the currency asked for reach what is due."""
    messages = [
        payment(amount, payment_id=f"P-{n}", currency=currency)
        for n, (amount, currency) in enumerate(paid)
    ]
    again = data.draw(st.lists(st.sampled_from(messages), max_size=3))
    desk = Desk()
    for message in data.draw(st.permutations([None, *messages, *again])):
        desk.pay(message) if message else desk.announce(assessed())
    euros = sum((amount for amount, currency in paid if currency == "EUR"), ZERO)
    case = desk.case()
    assert case is not None
    assert case.state is (CaseState.RELEASED if euros >= DUE else CaseState.AWAITING_PAYMENT)
    assert case.paid == min(euros, DUE)
    given_back = sum((Decimal(r[0]) for r in refunds(desk) if r[1] == "EUR"), ZERO)
    assert case.paid + given_back == euros


def test_every_reason_for_a_refund_has_its_words() -> None:
    assert set(REFUND_TEXTS) == set(RefundReason)
