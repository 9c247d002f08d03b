"""A bill in the making: values in the jurisdiction's currency, and the charges so far."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
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
        values = [rounded(item.intrinsic_value / rate) for item in parcel.items]
        self.intrinsic_value = sum(values, ZERO)
        transport = rounded((parcel.transport_cost + parcel.insurance_cost) / rate)
        self.customs_value_cif = self.intrinsic_value + transport
        shares = _apportioned(transport, values)
        self.items = [
            ItemValue(*fields) for fields in zip(parcel.items, values, shares, strict=True)
        ]

    def add(
        self,
        kind: ChargeKind,
        rule: DatedValue,
        *,
        basis: Decimal,
        rate: str,
        amount: Decimal,
        items: Sequence[GoodsItem] = (),
        status: LawStatus | None = None,
    ) -> None:
        """Add one charge; one that rests on unverified law makes the bill an estimate."""
        status = status or rule.status
        if status is LawStatus.UNVERIFIED:
            self.estimate(f"{rule.title}: not verified")
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
                    status,
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


def _apportioned(transport: Decimal, values: Sequence[Decimal]) -> list[Decimal]:
    """Transport cost spread over the lines by value; the last line takes what rounding left."""
    total = sum(values, ZERO)
    if not transport or not total:
        return [ZERO] * (len(values) - 1) + [transport]
    shares = [rounded(transport * value / total) for value in values[:-1]]
    return [*shares, transport - sum(shares, ZERO)]
