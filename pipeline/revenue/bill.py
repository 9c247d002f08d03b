"""A bill in the making: values in the jurisdiction's currency, and the charges so far."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate
from typing import NamedTuple

from pipeline.model import (
    ChargeKind,
    CollectionModel,
    GoodsItem,
    LawStatus,
    Parcel,
    RevenueAssessment,
    RevenueLine,
)
from pipeline.reference.exchange import Conversion
from pipeline.revenue.flow import Flow
from pipeline.rulebook.book import DatedValue, Law

CENT = Decimal("0.01")
ZERO = Decimal(0)
AMOUNT_MAX = Decimal("1e12")
HUNDRED = Decimal(100)


def rounded(amount: Decimal) -> Decimal:
    """To the cent, half up: the rounding of all three jurisdictions' calculators."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def percent(rate: Decimal) -> str:
    """A share as people write it: 0.025 is "2.5 %"."""
    return f"{(rate * HUNDRED).normalize():f} %"


class ItemValue(NamedTuple):
    """A goods item with its values in the jurisdiction's currency."""

    item: GoodsItem
    intrinsic_value: Decimal
    transport_share: Decimal  # its part of transport and insurance


class Bill:
    """Collects what a parcel owes. Amounts are in the currency of `law`, rounded per line."""

    def __init__(self, parcel: Parcel, flow: Flow, law: Law, conversion: Conversion) -> None:
        self.parcel = parcel
        self.flow = flow
        self.law = law
        self.lines: list[RevenueLine] = []
        self.remarks: list[str] = []
        self.estimated = False
        self.exchange_rate = conversion.text
        rate = conversion.rate
        declared = [item.intrinsic_value for item in parcel.items]
        self.intrinsic_value = rounded(sum(declared, ZERO) / rate)
        transport = rounded((parcel.transport_cost + parcel.insurance_cost) / rate)
        self.customs_value_cif = self.intrinsic_value + transport
        values = apportioned(self.intrinsic_value, declared)
        shares = apportioned(transport, declared)
        self.items = [
            ItemValue(*fields) for fields in zip(parcel.items, values, shares, strict=True)
        ]
        if not conversion.sure:
            self.estimate(f"no exchange rate of this time is known: {conversion.text}")

    def rule(self, parameter_id: str) -> DatedValue:
        """A parameter of the law; one that is not verified makes the bill an estimate."""
        rule = self.law.value(parameter_id)
        if rule.status is LawStatus.UNVERIFIED:
            self.estimate(f"{rule.title}: what holds on this date is not verified")
        return rule

    def within(self, parameter_id: str) -> bool:
        """Whether the goods' value is up to a limit that is in force."""
        limit = self.rule(parameter_id).number
        return limit is not None and self.intrinsic_value <= limit

    def holds_goods_of(self, parameter_id: str) -> bool:
        """Whether any item is among the HS codes that a parameter lists."""
        codes = self.rule(parameter_id).codes
        return any(item.commodity_code.startswith(codes) for item in self.parcel.items)

    def add(
        self,
        kind: ChargeKind,
        rule: DatedValue,
        *,
        basis: Decimal,
        rate: str,
        amount: Decimal,
        items: Sequence[GoodsItem] = (),
    ) -> None:
        """Add one charge; one that rests on unverified law makes the bill an estimate."""
        if rule.status is LawStatus.UNVERIFIED:
            self.estimate(f"{rule.title}: what holds on this date is not verified")
        if amount:
            self.lines.append(
                RevenueLine(
                    kind,
                    rule.id,
                    basis,
                    rate,
                    amount,
                    rule.legal_basis,
                    [item.sequence_number for item in items],
                    rule.status,
                )
            )

    def estimate(self, why: str) -> None:
        """Mark the bill as an estimate."""
        self.estimated = True
        if why not in self.remarks:
            self.remarks.append(why)

    def total(self, kind: ChargeKind | None = None) -> Decimal:
        """Sum of the charges, or of one kind of them."""
        return sum((line.amount for line in self.lines if kind in (None, line.kind)), ZERO)

    def close(self, *, on_account: bool, collected_at_sale: bool) -> RevenueAssessment:
        """The finished assessment."""
        total = self.total()
        if total and on_account:
            collection = CollectionModel.ON_ACCOUNT
        elif total:
            collection = CollectionModel.CONSIGNEE
        elif collected_at_sale:
            collection = CollectionModel.AT_SALE
        else:
            collection = CollectionModel.NOTHING_DUE
        return RevenueAssessment(
            jurisdiction=self.law.jurisdiction,
            currency=self.law.currency,
            intrinsic_value=self.intrinsic_value,
            customs_value=self.customs_value_cif,
            exchange_rate=self.exchange_rate,
            lines=self.lines,
            total_due=total,
            unsecured_due=ZERO if on_account else total,
            collection=collection,
            estimated=self.estimated,
            remarks=self.remarks,
        )


def apportioned(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """An amount in cents spread by weight: shares are never negative, and add up to it exactly.

    Each share is the rise of the rounded running total, so no rounding is left for the last one.
    """
    total = sum(weights, ZERO)
    if len(weights) == 1 or not amount or not total:
        return [ZERO] * (len(weights) - 1) + [amount]
    shares, before = [], ZERO
    for running in accumulate(weights):
        reached = rounded(amount * running / total)
        shares.append(reached - before)
        before = reached
    return shares
