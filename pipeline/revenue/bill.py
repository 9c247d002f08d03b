"""A bill in the making: values in the jurisdiction's currency, and the charges so far."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate

from pipeline.model import (
    CollectionModel,
    GoodsItem,
    NotCharged,
    NothingReason,
    Parcel,
    RevenueAssessment,
    RevenueLine,
)
from pipeline.reference.exchange import Conversion
from pipeline.rulebook.book import Law

CENT = Decimal("0.01")
ZERO = Decimal(0)
AMOUNT_MAX = Decimal("1e12")
HUNDRED = Decimal(100)

Convert = Callable[[str, str, date], Conversion | None]
"""Source and target currency and a day: how many units of the source make one of the target."""


def rounded(amount: Decimal) -> Decimal:
    """To the cent, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def percent(rate: Decimal) -> str:
    """A share as people write it: 0.025 is "2.5 %"."""
    return f"{(rate * HUNDRED).normalize():f} %"


Taken = Sequence[int] | None
"""Places of goods items in their parcel; None: all of them."""


class Bill:
    """Collects what a parcel owes, in the currency of the law."""

    __slots__ = (
        *("parcel", "jurisdiction", "currency", "lines", "not_charged", "charged", "remarks"),
        *("estimated", "exchange_rate", "declared_goods", "declared_transport", "goods"),
        *("same_day_goods", "transport", "_exchange_day", "_convert", "_goods_of", "_transport_of"),
    )

    def __init__(
        self,
        parcel: Parcel,
        declared_goods: Decimal,
        law: Law,
        exchange_day: date,
        exchange: Conversion,
        convert: Convert,
        same_day_goods: Decimal = ZERO,
    ) -> None:
        self.same_day_goods = same_day_goods if law.sums_days else ZERO
        self.parcel = parcel
        self.jurisdiction = law.jurisdiction
        self.currency = law.currency
        self.lines: list[RevenueLine] = []
        self.not_charged: list[NotCharged] = []
        self.charged: list[tuple[str, Taken, Decimal]] = []
        """Charge, items and amount of each line."""
        self.remarks: list[str] = []
        self.estimated = False
        self._exchange_day = exchange_day
        self._convert = convert
        self.declared_goods = declared_goods
        self.declared_transport = transport = parcel.transport_cost + parcel.insurance_cost
        if exchange.text:
            rate = exchange.rate
            self.exchange_rate = exchange.text
            self.goods = (declared_goods / rate).quantize(CENT, ROUND_HALF_UP)
            transport /= rate
        else:  # declared in the currency of the law
            self.exchange_rate = ""
            self.goods = declared_goods.quantize(CENT, ROUND_HALF_UP)
        self.transport = transport.quantize(CENT, ROUND_HALF_UP) if transport else ZERO
        self._goods_of: list[Decimal] | None = None
        self._transport_of: list[Decimal] | None = None
        if not exchange.sure:
            self.estimate(f"no exchange rate of this time is known: {exchange.text}")

    @property
    def goods_of(self) -> list[Decimal]:
        """Value of each goods item; they add up to `goods`."""
        if self._goods_of is None:
            self._goods_of = apportioned(self.goods, self._declared())
        return self._goods_of

    @property
    def transport_of(self) -> list[Decimal]:
        """Each item's part of transport and insurance, by value; they add up to `transport`."""
        if self._transport_of is None:
            self._transport_of = apportioned(self.transport, self._declared())
        return self._transport_of

    def _declared(self) -> list[Decimal]:
        # No bill is made for a parcel with an item without value.
        return [item.intrinsic_value or ZERO for item in self.parcel.items]

    def value_in(self, currency: str, *, with_transport: bool) -> Decimal | None:
        """Value of the goods in a currency, rounded; None if it cannot be converted."""
        if currency == self.currency:
            return self.goods + self.transport if with_transport else self.goods
        exchange = self._convert(self.parcel.currency, currency, self._exchange_day)
        if exchange is None:
            return None
        declared = self.declared_goods + (self.declared_transport if with_transport else ZERO)
        return rounded(declared / exchange.rate)

    def with_same_day(self, value: Decimal, currency: str) -> Decimal:
        """A value with that of the consignee's other parcels of the day, in a currency."""
        others = self.same_day_goods
        if others and currency != self.currency:
            exchange = self._convert(self.currency, currency, self._exchange_day)
            others = ZERO if exchange is None else rounded(others / exchange.rate)
        if others:
            self.remark(
                f"other goods to the consignee on this day count as well: {others} {currency}"
            )
        return value + others

    def in_own_currency(self, amount: Decimal, currency: str) -> Decimal | None:
        """An amount that a law states in another currency; None if it cannot be converted."""
        if currency == self.currency:
            return amount
        exchange = self._convert(currency, self.currency, self._exchange_day)
        return None if exchange is None else rounded(amount / exchange.rate)

    def estimate(self, why: str) -> None:
        """Mark the bill as an estimate."""
        self.estimated = True
        self.remark(why)

    def pieces(self, item: GoodsItem) -> int:
        """Pieces of an item; one that counts packages instead counts as one, as an estimate."""
        if item.quantity is None:
            self.estimate(
                f"item {item.sequence_number} has no number of pieces, on which a charge depends"
            )
            return 1
        return item.quantity

    def remark(self, text: str) -> None:
        """Say something about the assessment, once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def close(self, *, on_account: bool) -> RevenueAssessment:
        """The finished assessment."""
        total = ZERO
        for line in self.lines:
            total += line.amount
        if total and on_account:
            collection = CollectionModel.ON_ACCOUNT
        elif total:
            collection = CollectionModel.CONSIGNEE
        elif any(each.reason is NothingReason.PREPAID for each in self.not_charged):
            collection = CollectionModel.AT_SALE
        else:
            collection = CollectionModel.NOTHING_DUE
        return RevenueAssessment(
            jurisdiction=self.jurisdiction,
            currency=self.currency,
            intrinsic_value=self.goods,
            customs_value=self.goods + self.transport,
            exchange_rate=self.exchange_rate,
            same_day_goods=self.same_day_goods,
            lines=self.lines,
            not_charged=self.not_charged,
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
        reached = (amount * running / total).quantize(CENT, ROUND_HALF_UP)
        shares.append(reached - before)
        before = reached
    return shares
