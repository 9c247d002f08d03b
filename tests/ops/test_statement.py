"""A month of an operator, from the topics alone."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from pipeline.errors import RuleBookError
from pipeline.model import ChargeKind, FoundItem, InspectionVerdict
from pipeline.ops.month_reader import has_lost_records
from pipeline.ops.settlement import Settlement
from pipeline.ops.statement import STATEMENT_TOPICS, Statement, StatementTally
from pipeline.rulebook import payment_dates as dates
from pipeline.stream.records import Record
from tests.accounts.bank import LIMIT, RECEIVED, Bank
from tests.builders import parcel as ordinary_parcel
from tests.decide.desk import (
    CARRIER,
    DRAWN,
    NOTHING_DUE,
    assessed,
    cancellation,
    payment,
    result,
    revenue_of,
)

JULY, AUGUST, SEPTEMBER = date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)
JULY_MS, AUGUST_MS = 1_782_864_000_000, 1_785_542_400_000  # 00:00 UTC


def tally_of(bank: Bank, month: date = JULY, until: date = AUGUST) -> StatementTally:
    """Topics in the order in which they must not matter."""
    tally = StatementTally(CARRIER, month, until)
    for topic in STATEMENT_TOPICS:
        records = bank.stream.read(topic)
        for record in records if topic == "accounts" else reversed(records):
            tally.add(record)
    return tally


def statement_of(bank: Bank) -> Statement:
    return tally_of(bank).statement("EUR")


def settled(found: Statement) -> dict[str, tuple[Settlement, str, str]]:
    return {
        line.parcel_id: (line.settlement, str(line.total), str(line.on_account))
        for line in found.lines
    }


@pytest.fixture
def bank() -> Bank:
    """Room for two parcels of 9.06; every kind of end."""
    bank = Bank().order(LIMIT, "20").order(RECEIVED, "3", order_id="R-1")
    bank.announce(assessed(parcel_id="ACCOUNT"), assessed(parcel_id="DRAWN", selected_by=DRAWN))
    bank.announce(assessed(parcel_id="REFUSED", selected_by=DRAWN))
    bank.announce(assessed(parcel_id="PAID"), assessed(parcel_id="AWAITED"))
    bank.announce(assessed(parcel_id="DOCUMENTS", revenue=NOTHING_DUE))
    bank.inspect(result(InspectionVerdict.PROHIBITED, parcel_id="REFUSED"))
    bank.pay(payment("9.06", parcel_id="PAID"))
    return bank.order(RECEIVED, "3", order_id="R-1")  # a repeat


def test_each_parcel_stands_once_as_its_last_decision_says(bank: Bank) -> None:
    assert settled(statement_of(bank)) == {
        "ACCOUNT": (Settlement.ACCOUNT, "9.06", "9.06"),
        "DRAWN": (Settlement.RESERVED, "9.06", "9.06"),
        "REFUSED": (Settlement.REMOVED, "0", "0"),
        "PAID": (Settlement.CONSIGNEE, "9.06", "0"),
        "AWAITED": (Settlement.AWAITED, "9.06", "0"),
        "DOCUMENTS": (Settlement.NOTHING_DUE, "0", "0"),
    }


def test_what_is_payable_adds_up_to_the_lines_with_dates(bank: Bank) -> None:
    found = statement_of(bank)
    assert [(one.kind, str(one.amount), one.due_on) for one in found.payable] == [
        (ChargeKind.DUTY, "3.00", date(2026, 8, 16)),
        (ChargeKind.TAX, "6.06", date(2026, 8, 31)),
    ]
    assert found.closed
    more = msgspec.structs.replace(found, payable=found.payable[1:])
    assert not more.closed


def test_the_balance_is_that_of_the_account(bank: Bank) -> None:
    """A repeated payment counts once; what was refused is free again."""
    balance = statement_of(bank).balance
    assert balance is not None
    free = sum(own.free for own in bank.slices)
    assert (balance.limit, balance.received, balance.received_in_period) == (20, 3, 3)
    assert balance.held == bank.held == Decimal("18.12")
    assert balance.left == bank.account.available + free


def test_a_correction_names_what_stood_before() -> None:
    bank = Bank().order(LIMIT, "100").announce(assessed(parcel_id="A", selected_by=DRAWN))
    found_item = FoundItem(sequence_number=1, intrinsic_value=Decimal("49.80"))
    bank.inspect(result(InspectionVerdict.DISCREPANCY, parcel_id="A", found_items=[found_item]))
    (line,) = statement_of(bank).lines
    assert (line.settlement, line.corrected_from) == (Settlement.ACCOUNT, Decimal("9.06"))
    assert line.total == line.on_account == bank.held


@pytest.mark.parametrize(("paid_ms", "is_late"), [(AUGUST_MS - 1, False), (AUGUST_MS, True)])
def test_what_changes_after_the_month_is_marked(paid_ms: int, is_late: bool) -> None:
    bank = Bank().announce(assessed(parcel_id="A"))
    paid = payment("9.06", parcel_id="A")
    bank.send("payments", f"{CARRIER}/A".encode(), msgspec.json.encode(paid), timestamp_ms=paid_ms)
    (line,) = statement_of(bank).lines
    assert (line.settlement, line.changed_after_period) == (Settlement.CONSIGNEE, is_late)


def test_a_month_holds_only_its_own_legal_dates() -> None:
    bank = Bank().announce(
        assessed(parcel_id="JULY", legal_date="2026-07-31"),
        assessed(parcel_id="AUGUST", legal_date="2026-08-01"),
    )
    months = [tally_of(bank, JULY, AUGUST), tally_of(bank, AUGUST, SEPTEMBER)]
    ids = [[line.parcel_id for line in month.statement("EUR").lines] for month in months]
    assert ids == [["JULY"], ["AUGUST"]]


def test_what_a_consignee_had_paid_counts_as_duty_first() -> None:
    bank = Bank().announce(assessed(parcel_id="A")).pay(payment("4", parcel_id="A"))
    bank.order(LIMIT, "100").announce(assessed(parcel_id="A", version=2))
    found = statement_of(bank)
    assert [(one.kind, str(one.amount)) for one in found.payable] == [(ChargeKind.TAX, "5.06")]
    assert found.closed


def test_an_account_without_a_limit_here_owes_the_whole() -> None:
    revenue = revenue_of(ordinary_parcel(), on_account=True)
    found = statement_of(Bank().announce(assessed(parcel_id="A", revenue=revenue)))
    assert settled(found) == {"A": (Settlement.ACCOUNT, "9.06", "9.06")}
    assert found.balance is None


def test_orders_that_were_refused_and_other_operators_do_not_count(bank: Bank) -> None:
    before = statement_of(bank)
    bank.order(RECEIVED, "-5").order(LIMIT, "5000", carrier="OTHER")
    assert statement_of(bank) == before


def test_an_unreadable_decision_is_counted() -> None:
    tally = StatementTally(CARRIER, JULY, AUGUST)
    tally.add(Record("release", 0, 0, 0, None, b"{"))
    assert tally.unreadable == 1


def test_currencies_are_those_of_parcels_and_accounts(bank: Bank) -> None:
    assert tally_of(bank.order(LIMIT, "5", currency="GBP")).currencies() == ["EUR", "GBP"]


@pytest.mark.parametrize(
    ("begins_at", "day_ms", "lost"), [(0, 0, False), (5, -1, False), (5, 0, True)]
)
def test_records_are_missing_if_a_partition_begins_within_the_month(
    begins_at: int, day_ms: int, lost: bool
) -> None:
    """Where the log begins counts: at offset 0 may stand what a killed worker left."""
    record = Record("release", 0, 7, JULY_MS + day_ms, None, b"")
    assert has_lost_records(begins_at, record, JULY) is lost


@pytest.mark.parametrize(
    ("month", "kind", "due_on"),
    [
        (date(2027, 1, 1), ChargeKind.TAX, date(2027, 2, 28)),
        (date(2026, 12, 1), ChargeKind.DUTY, date(2027, 1, 16)),
        (date(2016, 4, 1), ChargeKind.DUTY, None),
    ],
)
def test_dates_of_payment_follow_the_calendar(
    month: date, kind: ChargeKind, due_on: date | None
) -> None:
    rule = dates.payment_date("EU", kind, month)
    assert (rule.due_on(month) if rule else None) == due_on


def test_a_charge_without_a_rule_has_no_date() -> None:
    assert dates.payment_date("US", ChargeKind.DUTY, JULY) is None


def test_two_rules_at_once_are_refused_with_their_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = dates.PATH.read_text().replace("kinds: [tax]", "kinds: [tax, duty]")
    path = tmp_path / "payment_dates.yaml"
    path.write_text(text)
    monkeypatch.setattr(dates, "PATH", path)
    with pytest.raises(RuleBookError, match="holds together with another rule"):
        dates.payment_dates.__wrapped__()


def test_what_is_due_for_refund_stands_on_the_line() -> None:
    bank = Bank().announce(assessed(parcel_id="A")).pay(payment("10", parcel_id="A"))
    (line,) = statement_of(bank).lines
    assert (line.paid, line.refund_due) == (Decimal(10), Decimal("0.94"))


def test_refunds_stand_in_the_month_in_which_they_were_told() -> None:
    """Of parcels nobody knows, too; each once, however often its notice is read."""
    bank = Bank().pay(payment("5", parcel_id="LOST", currency="USD"))
    bank.announce(assessed(parcel_id="A")).pay(payment("10", parcel_id="A"))
    bank.pay(payment("2", parcel_id="A", payment_id="P-2"))
    bank.wait(31 * 24).wait(1)
    for parcel_id in "LOST", "A":  # the deadline of another parcel on the same partition
        bank.announce(assessed(parcel_id=parcel_id, manifest_id="SP-0009"))
    july, august = tally_of(bank), tally_of(bank, AUGUST, SEPTEMBER)
    told = [(str(r.amount), r.reason.value, r.parcel_id) for r in july.statement("EUR").refunds]
    assert told == [("0.94", "overpaid", "A"), ("2", "after_release", "A")]
    (line,) = july.statement("EUR").lines[:1]
    assert (line.parcel_id, line.refund_due) == ("A", Decimal("2.94"))
    (vain,) = august.statement("USD").refunds
    assert (str(vain.amount), vain.reason.value, vain.causing_id) == ("5", "no_request", "P-1")
    assert "USD" not in july.currencies()
    for record in bank.stream.read("notices"):
        july.add(record)
    assert len(july.statement("EUR").refunds) == 2


def test_a_cancelled_parcel_is_removed_until_it_is_announced_anew(bank: Bank) -> None:
    """What it used is free, what was paid for it is to be refunded, and nothing is payable."""
    for parcel_id in ("ACCOUNT", "PAID"):
        bank.cancel(cancellation(parcel_id=parcel_id))
    found = statement_of(bank)
    lines = {line.parcel_id: line for line in found.lines}
    assert settled(found)["ACCOUNT"] == (Settlement.REMOVED, "0", "0")
    assert settled(found)["PAID"] == (Settlement.REMOVED, "0", "0")
    assert lines["ACCOUNT"].event_id == bank.notices("ACCOUNT")[-1].notice_id
    assert lines["PAID"].refund_due == Decimal("9.06")
    assert found.closed
    assert not found.payable
    assert found.balance is not None
    assert found.balance.held == bank.held == Decimal("9.06")
    bank.announce(assessed(parcel_id="ACCOUNT", version=2))
    assert settled(statement_of(bank))["ACCOUNT"] == (Settlement.ACCOUNT, "9.06", "9.06")
