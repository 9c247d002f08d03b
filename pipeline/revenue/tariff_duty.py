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
    lines: dict[str, _TariffLine] = {}
    cap = None if at_most is None else _CappedLine(rule, charging, at_most)

    def charge(bill: Bill, taken: Taken) -> None:
        for place in places(bill, taken):
            item = bill.parcel.items[place]
            found = rates.rate(item.commodity_code)
            if cap is not None and (found is None or cap.is_below(found.rate)):
                cap.charge(bill, place)
            elif found is not None:
                line = lines.get(found.matched)
                if line is None:
                    line = lines[found.matched] = _TariffLine(rule, charging, found)
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
        self._rule, self._charging = rule, charging

    def is_below(self, rate: DutyRate) -> bool:
        return self._share < (rate.share or ZERO)

    def charge(self, bill: Bill, place: int) -> None:
        _charge_share(self._charging, bill, self._ground, self._rule, place, self._share)


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
        self._rule, self._charging, self._found = rule, charging, found

    def charge(self, bill: Bill, place: int) -> None:
        rate = self._found.rate
        if not self._found.is_sure:
            bill.estimate(f"{self._ground.title}: what holds on this date is not verified")
        if rate.is_free:
            self._charging.nothing(bill, self._ground, NothingReason.ZERO_RATE, (place,))
        elif rate.is_ad_valorem:
            share = rate.share or ZERO
            _charge_share(self._charging, bill, self._ground, self._rule, place, share)
        else:
            self._charge_compound(bill, place, rate)

    def _charge_compound(self, bill: Bill, place: int, rate: DutyRate) -> None:
        item, taken = bill.parcel.items[place], (place,)
        basis, formula = self._charging.basis(bill, self._rule.of, taken)
        amount = basis * (rate.share or ZERO)
        if rate.specific:
            amount += _specific(bill, rate.specific, item)
        if rate.least:
            amount = max(amount, _specific(bill, rate.least, item))
        if rate.most:
            amount = min(amount, _specific(bill, rate.most, item))
        mass = "" if item.net_mass_kg is None else f", {item.net_mass_kg} kg"
        formula = f"{rate.text} of {formula}, {item.quantity} pieces{mass}"
        self._charging.add(bill, self._ground, taken, basis, rate.text, amount, formula)


def _charge_share(
    charging: Charging, bill: Bill, ground: Ground, rule: RuleEntry, place: int, share: Decimal
) -> None:
    taken = (place,)
    basis, formula = charging.basis(bill, rule.of, taken)
    text = percent(share)
    charging.add(bill, ground, taken, basis, text, basis * share, f"{formula} x {text}")


def _specific(bill: Bill, rate: SpecificRate, item: GoodsItem) -> Decimal:
    each = bill.in_own_currency(rate.amount, rate.currency)
    if each is None:
        bill.estimate(f"no exchange rate from {rate.currency}, in which a duty stands")
        return ZERO
    return each * quantity(bill, rate.per, item)


def _unknown(item: GoodsItem) -> str:
    code = item.commodity_code or "missing"
    return f"no duty rate is known for item {item.sequence_number} (commodity code {code})"
