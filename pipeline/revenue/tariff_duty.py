"""Duty by a tariff table, line by line: ad valorem, specific and compound rates."""

from decimal import Decimal

from pipeline.model import GoodsItem, NothingReason
from pipeline.revenue.bill import ZERO, Bill, Taken, percent
from pipeline.revenue.charging import Charging, Ground, places
from pipeline.revenue.outcomes import Outcome, quantity
from pipeline.rulebook.book import DatedValue
from pipeline.rulebook.duty_rate import DutyRate, SpecificRate
from pipeline.rulebook.law_files import RuleEntry
from pipeline.rulebook.tariff import Rates, TariffRate

CODES_KEPT_MAX = 4_096


def tariff_outcome(
    rule: RuleEntry,
    charging: Charging,
    rates: Rates,
    at_most: DatedValue | None,
    *,
    needed: bool,
) -> Outcome:
    """The rate of each item's code; `at_most` takes the place of a higher or unknown rate.

    Where duty is `needed`, goods whose code has no rate make an estimate; else they owe nothing.
    """
    cap = None if at_most is None else _CappedLine(rule, charging, at_most)
    lines: dict[str, _TariffLine | _CappedLine | None] = {}

    def line_of(code: str) -> _TariffLine | _CappedLine | None:
        """The line that decides on a code; it is kept, for many parcels hold the same goods."""
        if code not in lines:
            if len(lines) >= CODES_KEPT_MAX:
                lines.clear()
            found = rates.rate(code)
            capped = cap is not None and (found is None or cap.is_below(found.rate))
            if capped:
                lines[code] = cap
            else:
                lines[code] = _TariffLine(rule, charging, found) if found else None
        return lines[code]

    def charge(bill: Bill, taken: Taken) -> None:
        items = bill.parcel.items
        for place in places(bill, taken):
            item = items[place]
            line = line_of(item.commodity_code)
            if line is not None:
                line.charge(bill, place)
            elif needed:
                bill.estimate(_unknown(item))

    return charge


class _CappedLine:
    """The flat rate in place of a higher one."""

    def __init__(self, rule: RuleEntry, charging: Charging, at_most: DatedValue) -> None:
        since = at_most.since.isoformat() if at_most.since else ""
        self._ground = Ground(at_most.id, at_most.title, at_most.legal_basis, at_most.status, since)
        self._share = at_most.number or ZERO
        self._text = percent(self._share)
        self._terms, self._charging = rule.of, charging

    def is_below(self, rate: DutyRate) -> bool:
        return self._share < (rate.share or ZERO)

    def charge(self, bill: Bill, place: int) -> None:
        taken, share = (place,), self._share
        basis, formula = self._charging.basis(bill, self._terms, taken)
        formula = f"{formula} x {self._text}"
        self._charging.add(bill, self._ground, taken, basis, self._text, basis * share, formula)


class _TariffLine:
    """A line of the tariff, as it is charged on any bill."""

    def __init__(self, rule: RuleEntry, charging: Charging, found: TariffRate) -> None:
        self._ground = Ground(
            f"{rule.tariff}.{found.matched}",
            f"{rule.title}, code {found.matched}",
            f"{rule.legal_basis}, code {found.matched}",
            found.status,
            found.start.isoformat(),
        )
        self._terms, self._charging, self._rate = rule.of, charging, found.rate
        self._share = found.rate.share or ZERO
        self._text = percent(self._share) if found.rate.is_ad_valorem else found.rate.text
        self._is_free, self._is_ad_valorem = found.rate.is_free, found.rate.is_ad_valorem
        self._doubt = (
            ""
            if found.is_sure
            else f"{self._ground.title}: what holds on this date is not verified"
        )

    def charge(self, bill: Bill, place: int) -> None:
        if self._doubt:
            bill.estimate(self._doubt)
        taken = (place,)
        if self._is_free:
            self._charging.nothing(bill, self._ground, NothingReason.ZERO_RATE, taken)
            return
        basis, formula = self._charging.basis(bill, self._terms, taken)
        amount = basis * self._share
        if self._is_ad_valorem:
            formula = f"{formula} x {self._text}"
        else:
            item = bill.parcel.items[place]
            amount = _compound(bill, amount, self._rate, item)
            mass = "" if item.net_mass_kg is None else f", {item.net_mass_kg} kg"
            pieces = "" if item.quantity is None else f", {item.quantity} pieces"
            formula = f"{self._text} of {formula}{pieces}{mass}"
        self._charging.add(bill, self._ground, taken, basis, self._text, amount, formula)


def _compound(bill: Bill, amount: Decimal, rate: DutyRate, item: GoodsItem) -> Decimal:
    """The share with what is added to it, and kept between the least and the most."""
    if rate.specific:
        amount += _specific(bill, rate.specific, item)
    if rate.least:
        amount = max(amount, _specific(bill, rate.least, item))
    if rate.most:
        amount = min(amount, _specific(bill, rate.most, item))
    return amount


def _specific(bill: Bill, rate: SpecificRate, item: GoodsItem) -> Decimal:
    each = bill.in_own_currency(rate.amount, rate.currency)
    if each is None:
        bill.estimate(f"no exchange rate from {rate.currency}, in which a duty stands")
        return ZERO
    return each * quantity(bill, rate.per, item)


def _unknown(item: GoodsItem) -> str:
    code = item.commodity_code or "missing"
    return f"no duty rate is known for item {item.sequence_number} (commodity code {code})"
