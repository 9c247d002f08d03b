"""The European Union: duty and import VAT of the 27 member states."""

from decimal import Decimal

from pipeline.model import ChargeKind, GoodsItem
from pipeline.revenue.bill import ZERO, Bill, percent, rounded
from pipeline.revenue.flow import Flow
from pipeline.revenue.tariff_duty import add_tariff_duty

IOSS_NUMBER_LENGTH = 12
EXCISE_CHAPTERS = ("22", "24")
PERFUME_HEADING = "3303"


def charge(bill: Bill, country: str) -> bool:
    """Add duty and VAT; whether VAT was collected at sale."""
    if bill.flow is Flow.PRIVATE_GIFT and _within(bill, "eu.gift.limit"):
        return False
    _add_duty(bill)
    handling_fee = bill.law.value("eu.fee.handling")
    if not handling_fee.sure:
        bill.estimate(f"{handling_fee.title}: whether and how much is not verified")
    if _ioss_holds(bill):
        return True
    _add_vat(bill, country)
    return False


def _add_duty(bill: Bill) -> None:
    if bill.flow is Flow.PRIVATE_GIFT and _within(bill, "eu.duty.private_flat_limit"):
        _add_private_flat_duty(bill)
    elif bill.flow is Flow.CONSUMER_SALE and _within(bill, "eu.duty.low_value_limit"):
        _add_duty_per_item(bill)
    elif not _relieved(bill):
        add_tariff_duty(bill, with_transport=True)


def _add_duty_per_item(bill: Bill) -> None:
    """EUR 3 for each HS subheading in the parcel, however many pieces (data set H7)."""
    rule = bill.law.value("eu.duty.low_value_per_item")
    per_item = rule.number or ZERO
    groups: dict[str, list[GoodsItem]] = {}
    for item in bill.parcel.items:
        # Without a code each line counts for itself: it cannot be shown to be the same goods.
        group = item.commodity_code[:6] or f"line {item.sequence_number}"
        groups.setdefault(group, []).append(item)
    for items in groups.values():
        bill.add(
            ChargeKind.DUTY,
            rule,
            basis=Decimal(1),
            rate=f"{per_item} EUR per item",
            amount=rounded(per_item),
            items=items,
        )


def _add_private_flat_duty(bill: Bill) -> None:
    """2.5 % on the goods whose tariff rate is not free; postage does not count."""
    rule = bill.law.value("eu.duty.private_flat_rate")
    flat_rate = rule.number or ZERO
    for value in bill.items:
        tariff = bill.law.tariff.rate("EU", value.item.commodity_code)
        if tariff is not None and not tariff.rate:
            continue
        bill.add(
            ChargeKind.DUTY,
            rule,
            basis=value.intrinsic_value,
            rate=percent(flat_rate),
            amount=rounded(value.intrinsic_value * flat_rate),
            items=[value.item],
        )


def _add_vat(bill: Bill, country: str) -> None:
    if _within(bill, "eu.vat.exemption_limit"):
        return
    rule = bill.law.value(f"eu.vat.rate.{country}")
    rate = rule.number or ZERO
    goods = bill.intrinsic_value if bill.flow is Flow.PRIVATE_GIFT else bill.customs_value_cif
    basis = goods + bill.total(ChargeKind.DUTY)
    bill.add(
        ChargeKind.TAX,
        rule,
        basis=basis,
        rate=percent(rate),
        amount=rounded(basis * rate),
        items=bill.parcel.items,
    )


def _ioss_holds(bill: Bill) -> bool:
    number = bill.parcel.vendor_scheme_id
    if not number:
        return False
    well_formed = (
        len(number) == IOSS_NUMBER_LENGTH and number.startswith("IM") and number[2:].isdigit()
    )
    if not well_formed:
        bill.remarks.append("the IOSS number is malformed: VAT is due at import")
        return False
    if not _within(bill, "eu.ioss.limit"):
        bill.remarks.append("above the limit of IOSS: VAT is due at import")
        return False
    if any(item.commodity_code.startswith(EXCISE_CHAPTERS) for item in bill.parcel.items):
        bill.remarks.append("excise goods are outside IOSS: VAT is due at import")
        return False
    return True


def _relieved(bill: Bill) -> bool:
    """The relief of low-value consignments, until 2026-06-30."""
    excluded = any(
        item.commodity_code.startswith((*EXCISE_CHAPTERS, PERFUME_HEADING))
        for item in bill.parcel.items
    )
    return not excluded and _within(bill, "eu.duty.relief_limit")


def _within(bill: Bill, parameter_id: str) -> bool:
    limit = bill.law.amount(parameter_id)
    return limit is not None and bill.intrinsic_value <= limit
