"""The European Union: duty and import VAT of the 27 member states."""

from decimal import Decimal

from pipeline.model import ChargeKind, GoodsItem, LawStatus
from pipeline.revenue.bill import ZERO, Bill, percent, rounded
from pipeline.revenue.flow import Flow
from pipeline.revenue.tariff_duty import add_tariff_duty, note_excise

IOSS_NUMBER_LENGTH = 12
SUBHEADING_LENGTH = 6


def charge(bill: Bill, country: str) -> bool:
    """Add duty and VAT; whether VAT was collected at sale.

    Handling fees of the Union and of states are not computed: where one may be due, the bill is
    an estimate.
    """
    excise = note_excise(bill, "eu.excise.goods")
    if bill.flow is Flow.PRIVATE_GIFT and bill.within("eu.gift.limit"):
        if bill.holds_goods_of("eu.gift.capped_goods"):
            bill.estimate("a gift of these goods is free to a certain quantity only")
        return False
    _add_duty(bill)
    if bill.flow is Flow.CONSUMER_SALE:
        bill.rule("eu.fee.handling")
    national_fee = f"eu.fee.national.{country}"
    if bill.law.has(national_fee) and bill.within("eu.fee.national_limit"):
        bill.rule(national_fee)
    if _ioss_holds(bill, excise=excise):
        return True
    _add_vat(bill, country)
    return False


def _add_duty(bill: Bill) -> None:
    if bill.flow is Flow.CONSUMER_SALE and bill.within("eu.duty.low_value_limit"):
        _add_duty_per_item(bill)
    elif _relieved(bill):
        return
    elif bill.flow is Flow.PRIVATE_GIFT and bill.within("eu.duty.private_flat_limit"):
        _add_private_flat_duty(bill)
    else:
        add_tariff_duty(bill, with_transport=True)


def _add_duty_per_item(bill: Bill) -> None:
    """EUR 3 for each HS subheading in the parcel, however many pieces (data set H7)."""
    rule = bill.rule("eu.duty.low_value_per_item")
    per_item = rule.number or ZERO
    groups: dict[str, list[GoodsItem]] = {}
    for item in bill.parcel.items:
        group = item.commodity_code[:SUBHEADING_LENGTH]
        if len(group) < SUBHEADING_LENGTH:
            # Such a line counts for itself: it cannot be shown to be the same goods as another.
            group = f"line {item.sequence_number}"
            bill.estimate(f"item {item.sequence_number} has no HS subheading")
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
    rule = bill.rule("eu.duty.private_flat_rate")
    flat_rate = rule.number or ZERO
    for value in bill.items:
        tariff = bill.law.tariff.rate("EU", value.item.commodity_code)
        if tariff is None or tariff.status is LawStatus.UNVERIFIED:
            bill.estimate(
                f"whether the tariff rate of item {value.item.sequence_number} is free "
                "is not verified"
            )
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
    if bill.within("eu.vat.exemption_limit"):
        return
    rule = bill.rule(f"eu.vat.rate.{country}")
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


def _ioss_holds(bill: Bill, *, excise: bool) -> bool:
    number = bill.parcel.vendor_scheme_id
    if not number:
        return False
    well_formed = (
        len(number) == IOSS_NUMBER_LENGTH
        and number.startswith("IM")
        and number.isascii()
        and number[2:].isdigit()
    )
    if not well_formed:
        refused = "the IOSS number is malformed"
    elif bill.flow is not Flow.CONSUMER_SALE:
        refused = "IOSS is for sales to consumers"
    elif not bill.within("eu.ioss.limit"):
        refused = "above the limit of IOSS"
    elif excise:
        refused = "excise goods are outside IOSS"
    else:
        return True
    bill.remarks.append(f"{refused}: VAT is due at import")
    return False


def _relieved(bill: Bill) -> bool:
    """The relief of low-value consignments, until 2026-06-30."""
    return bill.within("eu.duty.relief_limit") and not bill.holds_goods_of(
        "eu.duty.relief_excluded_goods"
    )
