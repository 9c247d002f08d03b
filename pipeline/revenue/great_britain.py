"""Great Britain: duty and import VAT; up to GBP 135 the seller charges VAT."""

from pipeline.model import ChargeKind
from pipeline.revenue.bill import ZERO, Bill, percent, rounded
from pipeline.revenue.flow import Flow
from pipeline.revenue.tariff_duty import add_tariff_duty

EXCLUDED_FROM_RELIEF = ("22", "24", "3303")


def charge(bill: Bill) -> bool:
    """Add duty and VAT; whether VAT was collected at sale."""
    if bill.flow is Flow.PRIVATE_GIFT:
        _charge_gift(bill)
        return False
    if not _relieved(bill):
        add_tariff_duty(bill, with_transport=True)
    border_limit = bill.law.amount("gb.vat.border_limit")
    if border_limit is not None and bill.intrinsic_value <= border_limit:
        return True
    _add_vat(bill)
    return False


def _charge_gift(bill: Bill) -> None:
    limit = bill.law.amount("gb.gift.limit")
    if limit is not None and bill.intrinsic_value <= limit:
        return
    if not _relieved(bill):
        _add_gift_duty(bill)
    _add_vat(bill)


def _add_gift_duty(bill: Bill) -> None:
    rule = bill.law.value("gb.duty.gift_flat_rate")
    flat_limit = bill.law.amount("gb.duty.gift_flat_limit")
    if flat_limit is None or bill.intrinsic_value >= flat_limit:
        add_tariff_duty(bill, with_transport=False)
        return
    rate = rule.number or ZERO
    bill.add(
        ChargeKind.DUTY,
        rule,
        basis=bill.intrinsic_value,
        rate=percent(rate),
        amount=rounded(bill.intrinsic_value * rate),
        items=bill.parcel.items,
    )


def _add_vat(bill: Bill) -> None:
    rule = bill.law.value("gb.vat.rate")
    rate = rule.number or ZERO
    basis = bill.customs_value_cif + bill.total(ChargeKind.DUTY)
    bill.add(
        ChargeKind.TAX,
        rule,
        basis=basis,
        rate=percent(rate),
        amount=rounded(basis * rate),
        items=bill.parcel.items,
    )


def _relieved(bill: Bill) -> bool:
    limit = bill.law.amount("gb.duty.relief_limit")
    excluded = any(
        item.commodity_code.startswith(EXCLUDED_FROM_RELIEF) for item in bill.parcel.items
    )
    return limit is not None and bill.intrinsic_value <= limit and not excluded
