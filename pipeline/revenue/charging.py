"""A charge in the making: bases, lines and what is not charged, with their explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from pipeline.model import ChargeKind, LawStatus, NotCharged, NothingReason, RevenueLine
from pipeline.revenue.bill import CENT, ZERO, Bill, Taken, apportioned, percent
from pipeline.rulebook.law_check import VALUE_TERMS
from pipeline.rulebook.units import TO_THE_CENT, Rounding


@dataclass(frozen=True, slots=True)
class Ground:
    """What a line rests on: the rule, or the parameter that gives its amount."""

    id: str
    title: str
    legal_basis: str
    status: LawStatus
    version: str


@dataclass(frozen=True, slots=True)
class Charging:
    """One charge, as it is computed on any bill."""

    name: str
    title: str
    kind: ChargeKind
    rounding: Rounding
    rounding_of_basis: Rounding | None

    def basis(
        self, bill: Bill, terms: Sequence[str], taken: Taken, factor: Decimal | None = None
    ) -> tuple[Decimal, str]:
        """Sum of the terms for some items, and how it is made up; values count by the factor."""
        if len(terms) == 1 and factor is None and self.rounding_of_basis is None:
            term = terms[0]
            if term == "goods" and taken is not None and len(taken) == 1:  # the usual duty
                amount = bill.goods_of[taken[0]]
            else:
                amount = _term(bill, term, taken)
            return amount, f"{term} {amount!s}"
        total = ZERO
        parts: list[str] = []
        for term in terms:
            amount = _term(bill, term, taken)
            if not amount:
                continue
            if factor is not None and term in VALUE_TERMS:
                parts.append(f"{term} {amount} x {percent(factor)}")
                amount *= factor
            else:
                parts.append(f"{term} {amount}")
            total += amount
        text = " + ".join(parts) or f"{terms[0]} 0"
        if len(parts) > 1:
            text = f"({text})"
        if self.rounding_of_basis is not None and self.rounding_of_basis(total) != total:
            total = self.rounding_of_basis(total)
            text = f"{text}, rounded to {total},"
        return total, text

    def add(
        self,
        bill: Bill,
        ground: Ground,
        taken: Taken,
        basis: Decimal,
        rate: str,
        amount: Decimal,
        formula: str,
    ) -> None:
        """Add a line, rounded; a charge of nothing has no line but a reason."""
        rounding = self.rounding
        if rounding is TO_THE_CENT:  # the usual one, without the detour
            amount = amount.quantize(CENT, ROUND_HALF_UP)
        else:
            amount = rounding(amount)
        # `!s`: a Decimal is written in a third of the time that its format() takes.
        self.put(bill, ground, taken, basis, rate, amount, f"{formula} = {amount!s}")

    def put(
        self,
        bill: Bill,
        ground: Ground,
        taken: Taken,
        basis: Decimal,
        rate: str,
        amount: Decimal,
        formula: str,
    ) -> None:
        """Add a line whose amount is rounded, and its formula complete."""
        if not amount:
            self.nothing(bill, ground, NothingReason.ZERO_RATE, taken)
            return
        if taken is not None and len(taken) == 1:
            numbers = [bill.parcel.items[taken[0]].sequence_number]
        else:
            numbers = numbers_of(bill, taken)
        bill.lines.append(self.line(ground, basis, rate, amount, formula, numbers))
        bill.charged.append((self.name, taken, amount))

    def line(
        self,
        ground: Ground,
        basis: Decimal,
        rate: str,
        amount: Decimal,
        formula: str,
        numbers: list[int],
    ) -> RevenueLine:
        """A line on items of these sequence numbers."""
        return RevenueLine(
            self.kind,
            ground.id,
            basis,
            rate,
            amount,
            ground.legal_basis,
            numbers,
            ground.status,
            self.name,
            ground.version,
            formula,
        )

    def nothing(self, bill: Bill, ground: Ground, reason: NothingReason, taken: Taken) -> None:
        """Note that nothing is charged, and why."""
        bill.not_charged.append(self.reason(ground, reason, numbers_of(bill, taken)))

    def reason(self, ground: Ground, reason: NothingReason, numbers: list[int]) -> NotCharged:
        """Why nothing is charged on items of these sequence numbers."""
        return NotCharged(
            self.kind,
            self.name,
            reason,
            ground.id,
            ground.version,
            ground.title,
            ground.legal_basis,
            numbers,
            ground.status,
        )


def numbers_of(bill: Bill, taken: Taken) -> list[int]:
    """Sequence numbers of items; none for the whole parcel."""
    if taken is None:
        return []
    items = bill.parcel.items
    if len(taken) == 1:
        return [items[taken[0]].sequence_number]
    return [items[place].sequence_number for place in taken]


def places(bill: Bill, taken: Taken) -> Sequence[int]:
    """Places of items, also of all."""
    return range(len(bill.parcel.items)) if taken is None else taken


def _term(bill: Bill, term: str, taken: Taken) -> Decimal:
    if term == "goods":
        return bill.goods if taken is None else _sum(bill.goods_of, taken)
    if term == "transport":
        return bill.transport if taken is None else _sum(bill.transport_of, taken)
    return _charged(bill, term, taken)


def _sum(values: Sequence[Decimal], taken: Sequence[int]) -> Decimal:
    if len(taken) == 1:
        return values[taken[0]]
    return sum([values[place] for place in taken], ZERO)


def _charged(bill: Bill, charge: str, taken: Taken) -> Decimal:
    """What was charged before on some items: lines of several items are shared by value."""
    total = ZERO
    for name, covered, amount in bill.charged:
        if name != charge:
            continue
        if taken is None:
            total += amount
            continue
        within = places(bill, covered)
        shares = apportioned(amount, [bill.goods_of[place] for place in within])
        total += sum(
            [share for share, place in zip(shares, within, strict=True) if place in taken], ZERO
        )
    return total
