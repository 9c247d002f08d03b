"""Great Britain: duty and import VAT; up to GBP 135 the seller charges VAT."""

from pipeline.model import ChargeKind
from pipeline.revenue.bill import ZERO, Bill, percent, rounded
from pipeline.revenue.flow import Flow
from pipeline.revenue.tariff_duty import add_tariff_duty, note_excise


def charge(bill: Bill) -> bool:
    """Add duty and VAT; whether VAT was collected at sale."""
    excise = note_excise(bill, "gb.excise.goods")
    if bill.flow is Flow.PRIVATE_GIFT:
        _charge_gift(bill)
        return False
    if not _relieved(bill):
        add_tariff_duty(bill, with_transport=True)
    if bill.within("gb.vat.border_limit") and not excise:
        return True
    _add_vat(bill)
    return False


def _charge_gift(bill: Bill) -> None:
    if bill.within("gb.gift.limit"):
        return
    if not _relieved(bill):
        _add_gift_duty(bill)
    _add_vat(bill)


def _add_gift_duty(bill: Bill) -> None:
    """The flat rate below its limit, on each line where the tariff rate is not lower."""
    flat_limit = bill.rule("gb.duty.gift_flat_limit").number
    if flat_limit is None or bill.intrinsic_value >= flat_limit:
        add_tariff_duty(bill, with_transport=False)
    else:
        add_tariff_duty(bill, with_transport=False, at_most=bill.rule("gb.duty.gift_flat_rate"))


def _add_vat(bill: Bill) -> None:
    rule = bill.rule("gb.vat.rate")
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
    return bill.within("gb.duty.relief_limit") and not bill.holds_goods_of(
        "gb.duty.relief_excluded_goods"
    )
