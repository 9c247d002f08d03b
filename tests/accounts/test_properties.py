"""Accounts against a simple model, and under any order of work on the partitions."""

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pipeline.model import Decision, FoundItem, InspectionVerdict, Outcome
from tests.accounts.bank import LIMIT, RECEIVED, Bank, owing
from tests.decide.desk import DRAWN, result

CENTS = st.integers(1, 3_000).map(lambda cents: Decimal(cents) / 100)
LIMITS = st.integers(0, 8_000).map(lambda cents: Decimal(cents) / 100)


class OneOperator(RuleBasedStateMachine):
    """One operator's parcels one after the other: the model is a number and a table."""

    def __init__(self) -> None:
        super().__init__()
        self.bank = Bank().order(LIMIT, "0")
        self.limit = self.received = Decimal(0)
        self.holds: dict[str, Decimal] = {}
        self.inspected: dict[str, Decimal] = {}
        self.number = 0

    @property
    def balance(self) -> Decimal:
        return self.limit + self.received - sum(self.holds.values())

    @rule(amount=LIMITS)
    def set_limit(self, amount: Decimal) -> None:
        self.bank.order(LIMIT, amount)
        self.limit = amount

    @rule(amount=CENTS)
    def receive(self, amount: Decimal) -> None:
        self.bank.order(RECEIVED, amount)
        self.received += amount

    @rule(amount=CENTS, drawn=st.booleans())
    def announce(self, amount: Decimal, drawn: bool) -> None:
        self.number += 1
        parcel_id = f"P{self.number}"
        fits = amount <= self.balance
        self.bank.announce(owing(amount, parcel_id, selected_by=DRAWN if drawn else []))
        (decision,) = self.bank.events(parcel_id)
        assert self._is_secured(decision) is fits
        self.holds[parcel_id] = amount if fits else Decimal(0)
        if drawn:
            self.inspected[parcel_id] = amount
        else:
            assert decision.outcome is (Outcome.RELEASE if fits else Outcome.REVENUE)

    @rule(data=st.data(), verdict=st.sampled_from(InspectionVerdict), found=LIMITS)
    def inspect(self, data: st.DataObject, verdict: InspectionVerdict, found: Decimal) -> None:
        if not self.inspected:
            return
        parcel_id = data.draw(st.sampled_from(sorted(self.inspected)))
        due = self.inspected.pop(parcel_id)
        items = [FoundItem(sequence_number=1, intrinsic_value=found)]
        is_other = verdict is InspectionVerdict.DISCREPANCY
        self.bank.inspect(
            result(
                verdict,
                result_id=parcel_id,
                parcel_id=parcel_id,
                found_items=items if is_other else [],
            )
        )
        last = self.bank.events(parcel_id)[-1]
        if verdict is InspectionVerdict.PROHIBITED:
            assert last.outcome is Outcome.REFUSED
            self.holds[parcel_id] = Decimal(0)
            return
        due = last.revenue.total_due if is_other else due
        fits = due - self.holds[parcel_id] <= max(self.balance, Decimal(0))
        assert self._is_secured(last) is fits
        self.holds[parcel_id] = due if fits else Decimal(0)

    @invariant()
    def the_balance_is_the_models(self) -> None:
        """To the cent: held for each parcel, lent, and left."""
        assert {k: v for k, v in self.bank.holds().items() if v} == {
            k: v for k, v in self.holds.items() if v
        }
        assert self.bank.held == sum(self.holds.values())
        account = self.bank.account
        free = sum(own.free for own in self.bank.slices)
        assert account.lent == self.bank.held + free
        assert account.available + free == self.balance
        assert not self.bank.dead_letters()

    @staticmethod
    def _is_secured(decision: Decision) -> bool:
        revenue = decision.revenue
        return revenue.account_used + revenue.account_reserved > 0


TestOneOperator = OneOperator.TestCase
TestOneOperator.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)

PARCELS = st.lists(st.tuples(CENTS, st.booleans()), min_size=1, max_size=25)


@settings(max_examples=60)
@given(parcels=PARCELS, limits=st.lists(LIMITS, min_size=1, max_size=4), data=st.data())
def test_whatever_partition_works_next_no_balance_falls_below_zero(
    parcels: list[tuple[Decimal, bool]], limits: list[Decimal], data: st.DataObject
) -> None:
    """Limits rise while parcels come; each parcel has one decision, and money is found again."""
    bank = Bank().order(LIMIT, min(limits))
    bank.idle_after_each = False
    for number, (amount, drawn) in enumerate(parcels):
        bank.announce(owing(amount, f"P{number}", selected_by=DRAWN if drawn else []))
    for limit in sorted(limits):
        bank.order(LIMIT, limit)
    while bank.stream.run_one(lambda sources: data.draw(st.integers(0, sources - 1))):
        account = bank.account
        assert account.available >= 0
        assert bank.held + sum(own.free for own in bank.slices) <= account.lent
    assert len(bank.records()) == len(parcels)
    assert sum(bank.holds().values()) == bank.held
    account = bank.account
    assert (account.waiting, account.recalled) == ((), ())
    assert account.lent == bank.held + sum(own.free for own in bank.slices)
    unsecured = [parcels[int(p[1:])][0] for p, held in bank.holds().items() if not held]
    assert all(amount > 0 for amount in unsecured)
    if sum(amount for amount, _ in parcels) <= min(limits):
        assert not unsecured


def test_a_request_of_an_account_nobody_opened_is_answered_no() -> None:
    """As after an order that was lost with its topic: nothing is lent, and nobody waits."""
    bank = Bank().order(LIMIT, "5")
    bank.stream._workshop.state("accounts", 0).delete("SWIFTPOST/EUR")
    for partition in range(bank.partitions):
        bank.stream._workshop.state("accounts", partition).delete("SWIFTPOST/EUR")
    bank.announce(owing("1", "A"))
    decision = msgspec.json.decode(bank.records()[-1].value or b"", type=Decision)
    assert decision.outcome is Outcome.REVENUE
