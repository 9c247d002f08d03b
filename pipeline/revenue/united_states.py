"""The United States: duty on the FOB value in stacked layers, and processing fees."""

from decimal import Decimal

from pipeline.model import ChargeKind, TransportMode
from pipeline.revenue.bill import ZERO, Bill, percent, rounded
from pipeline.revenue.flow import Flow
from pipeline.revenue.tariff_duty import add_tariff_duty, note_excise, tariff_rule
from pipeline.rulebook.book import DatedValue

CHINA_OR_UNKNOWN = ("CN", "HK", "")


def charge(bill: Bill, mode: TransportMode) -> bool:
    """Add duty and fees; nothing is ever collected at sale."""
    note_excise(bill, "us.excise.goods")
    if _free(bill):
        return False
    for item in bill.parcel.items:
        if not item.origin_country:
            bill.estimate(f"item {item.sequence_number} has no origin, on which duty depends")
    add_tariff_duty(bill, with_transport=False)
    _add_section_301(bill)
    _add_surcharge(bill)
    _add_fee(bill, mode)
    return False


def _free(bill: Bill) -> bool:
    if bill.flow is Flow.PRIVATE_GIFT and bill.within("us.gift.limit"):
        return True
    # Goods of an unknown origin may be Chinese.
    if all(item.origin_country not in CHINA_OR_UNKNOWN for item in bill.parcel.items):
        return bill.within("us.duty.de_minimis")
    return bill.within("us.duty.de_minimis_china")


def _add_section_301(bill: Bill) -> None:
    """Duty on goods of China by list (Section 301 of the Trade Act of 1974)."""
    for value in bill.items:
        if value.item.origin_country != "CN":
            continue
        tariff = bill.law.tariff.rate("US", value.item.commodity_code)
        if tariff is None or not tariff.china_surcharge:
            continue
        rule = tariff_rule("US", tariff.matched, tariff.status)
        bill.add(
            ChargeKind.DUTY,
            rule._replace(id=f"us.section_301.{tariff.matched}", title="Section 301, China"),
            basis=value.intrinsic_value,
            rate=percent(tariff.china_surcharge),
            amount=rounded(value.intrinsic_value * tariff.china_surcharge),
            items=[value.item],
        )


def _add_surcharge(bill: Bill) -> None:
    rule = bill.rule("us.duty.surcharge")
    if not rule.number:
        return
    for value in bill.items:
        bill.add(
            ChargeKind.DUTY,
            rule,
            basis=value.intrinsic_value,
            rate=percent(rule.number),
            amount=rounded(value.intrinsic_value * rule.number),
            items=[value.item],
        )


def _add_fee(bill: Bill, mode: TransportMode) -> None:
    if not bill.within("us.entry.informal_limit"):
        _add_formal_fee(bill)
    elif mode is TransportMode.MAIL:
        if bill.total(ChargeKind.DUTY):
            _add_fixed_fee(bill, bill.rule("us.fee.dutiable_mail"))
    else:
        _add_fixed_fee(bill, bill.rule("us.fee.informal"))


def _add_fixed_fee(bill: Bill, rule: DatedValue) -> None:
    amount = rule.number or ZERO
    bill.add(ChargeKind.FEE, rule, basis=Decimal(1), rate=f"{amount} USD", amount=rounded(amount))


def _add_formal_fee(bill: Bill) -> None:
    rule = bill.rule("us.fee.formal_rate")
    rate = rule.number or ZERO
    amount = rounded(bill.intrinsic_value * rate)
    least, most = bill.rule("us.fee.formal_min"), bill.rule("us.fee.formal_max")
    if least.number is not None:
        amount = max(amount, least.number)
    if most.number is not None:
        amount = min(amount, most.number)
    bill.add(
        ChargeKind.FEE,
        rule,
        basis=bill.intrinsic_value,
        rate=f"{percent(rate)}, from {least.number} to {most.number} USD",
        amount=amount,
    )
