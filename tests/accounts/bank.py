"""The rooms that decide and keep accounts, on a log in memory with several partitions."""

from decimal import Decimal
from typing import Any

import msgspec

from pipeline.accounts.balance import Account
from pipeline.accounts.room import AccountsRoom
from pipeline.decide.purse import Slice, slice_key, slice_of
from pipeline.decide.room import DecideRoom
from pipeline.model import AccountOrder, AccountOrderKind, Assessed, Decision, account_key, case_key
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.shelf import Shelf
from pipeline.stream.memory import MemoryStream
from pipeline.stream.murmur2 import partition_of
from tests.builders import parcel as ordinary_parcel
from tests.decide.desk import CARRIER, FIRST_MS, RECEIVED_AT, Desk, assessed, revenue_of

PARTITIONS = 3
LIMIT, RECEIVED = AccountOrderKind.LIMIT, AccountOrderKind.RECEIVED
_REVENUE = revenue_of(ordinary_parcel())


def owing(amount: str | Decimal, parcel_id: str, **fields: Any) -> Assessed:
    """A parcel that owes so many euros."""
    due = Decimal(amount)
    revenue = msgspec.structs.replace(_REVENUE, total_due=due, unsecured_due=due)
    return assessed(parcel_id=parcel_id, **{"revenue": revenue, **fields})


def ordered(kind: AccountOrderKind, amount: str | Decimal, order_id: str, **fields: Any) -> Any:
    """An order on the carrier's account in euros."""
    ordinary: dict[str, Any] = {
        "order_id": order_id,
        "carrier": CARRIER,
        "currency": "EUR",
        "kind": kind,
        "amount": Decimal(amount),
        "ordered_at": RECEIVED_AT,
    }
    return AccountOrder(**{**ordinary, **fields})


class Bank(Desk):
    """A desk whose carriers may have accounts. Each parcel comes in an envelope of its own."""

    def __init__(
        self, *, partitions: int = PARTITIONS, scanned_carriers: frozenset[str] = frozenset()
    ) -> None:
        rooms = [
            DecideRoom(
                Shelf(load_rule_book()),
                on_account_carriers=frozenset(),
                scanned_carriers=scanned_carriers,
            ),
            AccountsRoom(),
        ]
        self.stream = MemoryStream(rooms, partitions=partitions)
        self.partitions = partitions
        self.idle_after_each = True
        self._now_ms = FIRST_MS
        self._orders = 0

    def announce(self, *parcels: Assessed) -> "Bank":
        for each in parcels:
            key = case_key(CARRIER, each.parcel_id).encode()
            self.send("assessments", key, msgspec.msgpack.encode([each]))
        return self

    def order(self, kind: AccountOrderKind, amount: str | Decimal, **fields: Any) -> "Bank":
        """Tell an order of a collector."""
        self._orders += 1
        order = ordered(kind, amount, **{"order_id": f"A-{self._orders}", **fields})
        key = account_key(order.carrier, order.currency).encode()
        self.send("accounts", key, msgspec.json.encode(order))
        return self

    def send(self, topic: str, key: bytes | None, value: bytes | None, **fields: Any) -> "Bank":
        self._now_ms += 1_000
        timestamp_ms = fields.pop("timestamp_ms", self._now_ms)
        self.stream.publish(topic, key=key, value=value, timestamp_ms=timestamp_ms, **fields)
        if self.idle_after_each:
            self.stream.run_until_idle()
        return self

    @property
    def account(self) -> Account:
        """What the room remembers of the account in euros."""
        key = account_key(CARRIER, "EUR")
        place = partition_of(key.encode(), self.partitions)
        account = self.stream._workshop.state("accounts", place).get(key)
        assert isinstance(account, Account)
        return account

    @property
    def slices(self) -> list[Slice]:
        """The slices in euros of all partitions."""
        key = slice_key(CARRIER, "EUR")
        states = [self.stream._workshop.state("decide", n) for n in range(self.partitions)]
        return [own for state in states if (own := slice_of(state, key))]

    @property
    def held(self) -> Decimal:
        """What the slices hold for parcels."""
        return sum((own.held for own in self.slices), Decimal(0))

    def holds(self) -> dict[str, Decimal]:
        """By parcel, what its last decision says that the account holds for it."""
        last: dict[str, Decision] = {}
        for record in self.records():
            decision = msgspec.json.decode(record.value or b"", type=Decision)
            before = last.get(decision.parcel_id)
            if before is None or before.event_number < decision.event_number:
                last[decision.parcel_id] = decision
        return {
            parcel_id: d.revenue.account_used + d.revenue.account_reserved
            for parcel_id, d in last.items()
        }
