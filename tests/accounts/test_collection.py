"""What an operator's account does for its parcels."""

from decimal import Decimal

import msgspec
import pytest

from pipeline.decide import queue
from pipeline.decide import room as decide_room
from pipeline.decide.announced import Announcements
from pipeline.model import (
    CollectionModel,
    FeedbackNoted,
    FoundItem,
    InspectionVerdict,
    NoticeKind,
    Outcome,
    QueueNoted,
)
from tests.accounts.bank import LIMIT, RECEIVED, Bank, ordered, owing
from tests.builders import parcel as ordinary_parcel
from tests.decide.desk import (
    DRAWN,
    assessed,
    cancellation,
    payment,
    result,
    revenue_of,
    selected,
)


def opened(amount: str = "100") -> Bank:
    return Bank().order(LIMIT, amount)


def test_a_parcel_within_the_balance_is_released_and_uses_it() -> None:
    """The decision says how much; the balance is less by it."""
    bank = opened().announce(owing("9.06", "A"))
    (decision,) = bank.events("A")
    assert decision.outcome is Outcome.RELEASE
    assert decision.reason == "Released: 9.06 EUR are secured by the carrier's account."
    revenue = decision.revenue
    assert (revenue.collection, revenue.account_used, revenue.account_reserved) == (
        CollectionModel.ON_ACCOUNT,
        Decimal("9.06"),
        0,
    )
    assert (revenue.total_due, revenue.unsecured_due) == (Decimal("9.06"), 0)
    assert bank.held == Decimal("9.06")


def test_a_parcel_beyond_the_balance_is_paid_by_the_consignee() -> None:
    """One cent too much; another partition's parcel may still use what is left."""
    bank = opened("10").announce(owing("10.01", "A"), owing("10", "B"), owing("0.01", "C"))
    outcomes = [bank.events(parcel_id)[-1].outcome for parcel_id in "ABC"]
    assert outcomes == [Outcome.REVENUE, Outcome.RELEASE, Outcome.REVENUE]
    assert bank.pay(payment("10.01", parcel_id="A")).events("A")[-1].outcome is Outcome.RELEASE


def test_money_free_on_other_partitions_is_recalled() -> None:
    """The last cent can be used, wherever slices lie."""
    bank = opened("100")
    for number in range(12):
        bank.announce(owing("1", f"P{number}"))
    assert bank.announce(owing("88", "LAST")).events("LAST")[0].outcome is Outcome.RELEASE
    assert (bank.held, bank.account.available) == (100, 0)


def test_a_higher_limit_and_a_payment_take_effect_while_workers_run() -> None:
    bank = opened("0").announce(owing("5", "A"))
    bank.order(LIMIT, "5").announce(owing("5", "B")).announce(owing("5", "C"))
    bank.order(RECEIVED, "5").announce(owing("5", "D"))
    outcomes = [bank.events(parcel_id)[0].outcome for parcel_id in "ABCD"]
    revenue, release = Outcome.REVENUE, Outcome.RELEASE
    assert outcomes == [revenue, release, revenue, release]


def test_a_lower_limit_takes_nothing_from_parcels_and_gives_no_more() -> None:
    bank = opened("10").announce(owing("6", "A")).order(LIMIT, "5").announce(owing("1", "B"))
    assert bank.events("B")[0].outcome is Outcome.REVENUE
    assert bank.held == 6


def test_a_repeated_order_has_no_second_effect() -> None:
    bank = Bank().order(RECEIVED, "5", order_id="X").order(RECEIVED, "5", order_id="X")
    assert bank.account.received == 5
    assert bank.stream.notes == [
        FeedbackNoted("account_order", "applied"),
        FeedbackNoted("account_order", "repeated"),
    ]


def test_a_parcel_under_inspection_reserves_and_a_good_result_uses() -> None:
    bank = opened().announce(owing("9", "A", selected_by=DRAWN))
    first = bank.events("A")[0].revenue
    assert (first.account_reserved, first.account_used) == (9, 0)
    bank.inspect(result(InspectionVerdict.COMPLIANT, parcel_id="A"))
    last = bank.events("A")[-1]
    assert (last.outcome, last.revenue.account_reserved, last.revenue.account_used) == (
        Outcome.RELEASE,
        0,
        9,
    )
    assert last.reason == (
        "Released: inspected and found as declared; 9 EUR are secured by the carrier's account."
    )


def test_prohibited_goods_give_the_money_back() -> None:
    bank = opened("9").announce(owing("9", "A", selected_by=DRAWN))
    bank.inspect(result(InspectionVerdict.PROHIBITED, parcel_id="A"))
    assert bank.events("A")[-1].reason == (
        "Refused: the inspection found prohibited goods; 9 EUR go back to the carrier's account."
    )
    assert (bank.held, bank.account.available) == (0, 9)
    assert bank.announce(owing("9", "B")).events("B")[0].outcome is Outcome.RELEASE


@pytest.mark.parametrize(("found_value", "held"), [("10.00", "6.23"), ("49.80", "13.79")])
def test_a_finding_changes_what_is_held(found_value: str, held: str) -> None:
    """Less: the rest is free again; more: it is taken too."""
    bank = opened().announce(selected())
    found = FoundItem(sequence_number=1, intrinsic_value=Decimal(found_value))
    bank.inspect(result(InspectionVerdict.DISCREPANCY, found_items=[found]))
    assert bank.last.outcome is Outcome.RELEASE
    assert bank.last.revenue.account_used == bank.last.revenue.total_due == bank.held
    assert bank.held == Decimal(held)
    free = sum(own.free for own in bank.slices)
    assert bank.account.available + free + bank.held == 100


def test_a_finding_beyond_the_balance_leaves_all_to_the_consignee() -> None:
    """An account secures the whole or nothing."""
    bank = opened("10").announce(selected())
    found = FoundItem(sequence_number=1, intrinsic_value=Decimal("49.80"))
    bank.inspect(result(InspectionVerdict.DISCREPANCY, found_items=[found]))
    assert bank.last.outcome is Outcome.REVENUE
    assert bank.last.revenue.unsecured_due == bank.last.revenue.total_due
    assert (bank.held, bank.account.available) == (0, 10)


def test_an_estimate_is_released_before_it_is_final_but_only_reserved() -> None:
    revenue = msgspec.structs.replace(
        revenue_of(ordinary_parcel()), estimated=True, remarks=["a rate is not verified"]
    )
    bank = opened().announce(assessed(revenue=revenue))
    assert bank.last.outcome is Outcome.RELEASE
    assert (bank.last.revenue.account_reserved, bank.last.revenue.account_used) == (
        Decimal("9.06"),
        0,
    )


def test_an_account_in_another_currency_secures_nothing() -> None:
    bank = Bank().order(LIMIT, "100", currency="GBP").announce(owing("1", "A"))
    assert bank.events("A")[0].outcome is Outcome.REVENUE


def test_what_was_paid_is_not_taken_from_the_account() -> None:
    """A part was paid before the account was opened; an amendment is decided by the account."""
    bank = Bank().announce(owing("9", "A")).pay(payment("4", parcel_id="A"))
    bank.order(LIMIT, "5").announce(owing("9", "A", version=2))
    assert bank.events("A")[-1].outcome is Outcome.RELEASE
    assert bank.held == 5


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (ordered(RECEIVED, "0", "X"), "amount must be above 0"),
        (ordered(LIMIT, "-1", "X"), "amount must be 0 or more"),
        (ordered(LIMIT, "NaN", "X"), "amount must be 0 or more"),
        (ordered(LIMIT, "0.00001", "X"), "at most four decimal places"),
    ],
)
def test_an_order_nobody_can_carry_out_is_a_dead_letter(order: object, text: str) -> None:
    bank = Bank()
    bank.send("accounts", b"SWIFTPOST/EUR", msgspec.json.encode(order))
    assert bank.codes() == ["invalid_message"]
    assert text in dict(bank.dead_letters()[0].headers)["error_text"].decode()


def test_an_order_under_another_key_is_a_dead_letter() -> None:
    bank = Bank().send("accounts", b"OTHER/EUR", msgspec.json.encode(ordered(LIMIT, "1", "X")))
    assert bank.codes() == ["key_mismatch"]


def test_messages_wait_in_order_and_all_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """More wait than are served at once, results among them: the rest is served next."""
    monkeypatch.setattr(queue, "SERVED_AT_ONCE_MAX", 2)
    bank = Bank(partitions=1).order(LIMIT, "20").announce(owing("1", "I", selected_by=DRAWN))
    bank.order(LIMIT, "30")
    bank.idle_after_each = False
    for number in range(8):
        bank.announce(owing("4", f"P{number}"))
    bank.inspect(result(InspectionVerdict.COMPLIANT, parcel_id="I"))
    bank.stream.run_until_idle()
    assert sum(bank.holds().values()) == bank.held == 29
    assert len(bank.holds()) == 9
    assert not any(own.is_queue for own in bank.slices)
    waiting = [note.waiting for note in bank.stream.notes if isinstance(note, QueueNoted)]
    assert max(waiting) > 2
    assert waiting[-1] == 0


@pytest.mark.parametrize(("where", "name"), [(Announcements, "decide"), (decide_room, "feed_back")])
def test_a_waiting_message_that_fails_does_not_hold_back_the_next(
    where: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to the dead letters, with where it came from."""
    whole = getattr(where, name)

    def fails_once(*arguments: object, **named: object) -> object:
        served = named.get("served", getattr(named.get("purse"), "_served", False))
        if served and not failed:
            failed.append(True)
            raise RuntimeError("broken")
        return whole(*arguments, **named)

    failed: list[bool] = []
    bank = Bank(partitions=1).order(LIMIT, "100")
    bank.announce(selected())
    monkeypatch.setattr(where, name, fails_once)
    bank.idle_after_each = False
    if name == "feed_back":
        found = FoundItem(sequence_number=1, intrinsic_value=Decimal(400))
        bank.inspect(result(InspectionVerdict.DISCREPANCY, found_items=[found]))
    else:
        bank.announce(owing("60", "A"))
    bank.announce(owing("25", "B"))
    bank.stream.run_until_idle()
    assert failed
    assert bank.codes() == ["internal_error"]
    assert bank.events("B")[0].outcome is Outcome.RELEASE


def test_no_parcel_overtakes_those_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when money is free for it, because the queue is served in parts."""
    monkeypatch.setattr(queue, "SERVED_AT_ONCE_MAX", 2)
    bank = Bank(partitions=1).order(LIMIT, "100")
    bank.idle_after_each = False
    for number in range(3):
        bank.announce(owing("1", f"P{number}"))
    while len(bank.records()) < 2:
        bank.stream.run_one(lambda _: 0)
    bank.announce(owing("1", "P3"))
    while bank.stream.run_one(lambda sources: sources - 1):  # the parcel before the queue
        pass
    released = [dict(r.headers)["ce_id"] for r in bank.records()]
    expected = [bank.events(f"P{n}")[0].event_id.encode() for n in range(4)]
    assert released == expected


def test_a_payment_during_an_inspection_frees_what_was_reserved() -> None:
    """Nothing is secured twice."""
    bank = opened("9").announce(owing("9", "A", selected_by=DRAWN))
    bank.pay(payment("4", parcel_id="A"))
    assert (bank.held, bank.account.available) == (5, 4)
    bank.inspect(result(InspectionVerdict.COMPLIANT, parcel_id="A"))
    last = bank.events("A")[-1]
    assert (last.outcome, last.revenue.account_used, last.revenue.paid) == (Outcome.RELEASE, 5, 4)
    assert last.revenue.refund_due == 0


def test_a_cancelled_parcel_gives_back_what_it_used() -> None:
    """Another partition's parcel may use it; a repeat gives nothing more."""
    bank = opened("9").announce(owing("9", "A"))
    for cancellation_id in "XY":
        bank.cancel(cancellation(parcel_id="A", cancellation_id=cancellation_id))
    (notice,) = bank.notices("A")
    assert notice.text.endswith("(9 EUR go back to the carrier's account)")
    assert (bank.held, bank.account.available) == (0, 9)
    bank.announce(owing("9", "B"), owing("9", "A", version=2))
    assert [bank.events(which)[-1].outcome for which in "BA"] == [Outcome.RELEASE, Outcome.REVENUE]


@pytest.mark.parametrize("selected_by", [[], DRAWN])
def test_a_parcel_that_does_not_arrive_gives_back_what_it_held(selected_by: list[object]) -> None:
    """Used, or reserved for an officer: closed on its partition, back on the account of all."""
    bank = Bank(scanned_carriers=frozenset({"*"})).order(LIMIT, "9")
    bank.announce(owing("9", "A", selected_by=selected_by))
    assert bank.held == 9
    for _ in range(24):  # scans on all partitions: each has its own event time
        bank.wait(40)
    closed = bank.notices("A")[-1]
    assert closed.kind is NoticeKind.CLOSED_NOT_ARRIVED
    assert closed.text.endswith("(9 EUR go back to the carrier's account)")
    assert (bank.held, bank.account.available) == (0, 9)


def test_all_parcels_of_an_envelope_that_waited_have_deadlines() -> None:
    """They are served one by one, and none takes the place of another's deadline."""
    bank = Bank(partitions=1, scanned_carriers=frozenset({"*"})).order(LIMIT, "9")
    bank.idle_after_each = False
    envelope = [owing("0", "A"), *(owing("9", each) for each in "BCD")]
    bank.send("assessments", None, msgspec.msgpack.encode(envelope))
    bank.stream.run_until_idle()
    bank.wait(20 * 24)
    bank.stream.run_until_idle()
    reminded = [[notice.kind for notice in bank.notices(each)] for each in "ABCD"]
    assert reminded == [[NoticeKind.ARRIVAL_OVERDUE]] * 4
