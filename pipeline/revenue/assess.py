"""What a parcel owes: the entrance to the law."""

from datetime import date
from decimal import Decimal, InvalidOperation

from msgspec.structs import replace

from pipeline.model import GoodsType, Parcel, RevenueAssessment, TransportMode
from pipeline.reference.exchange import UNCHANGED, Conversion
from pipeline.revenue.bill import AMOUNT_MAX, ZERO, Bill, Convert
from pipeline.revenue.flow import Flow, flow_of
from pipeline.revenue.plan import PlannedCharge, plan_of
from pipeline.revenue.settle import settle
from pipeline.revenue.situation import Situation, region_of
from pipeline.rulebook.book import UNCOVERED, Law, RuleBook
from pipeline.rulebook.vendors import NO_REGISTER, VendorRegister

PLANS_KEPT_MAX = 512
DOCUMENTS = Flow.DOCUMENTS
RETURNED = GoodsType.RETURNED_GOODS
OF_RETURNED_GOODS = (
    "returned goods are assessed as if they were new: what is owed on goods that were exported "
    "before depends on evidence that is not announced"
)


def assess_revenue(  # noqa: PLR0913 - all that an assessment rests on
    parcel: Parcel,
    *,
    destination_country: str,
    transport_mode: TransportMode,
    legal_date: date,
    book: RuleBook,
    on_account: bool,
    vendors: VendorRegister = NO_REGISTER,
    known_on: date | None = None,
    exported_on: date | None = None,
    same_day_goods: Decimal = ZERO,
    convert: Convert | None = None,
) -> RevenueAssessment:
    """Duty, tax and fees by the law of `legal_date`, in the currency of the destination.

    `vendors` knows who collected tax at sale on that day. `known_on` limits the law to what was
    known of it on a day: an old decision is computed again as it was then. Where the law names the
    rate of exchange of the day of export, it is that of `exported_on`; where a limit is one of all
    parcels to a consignee on a day, `same_day_goods`, the value of the others in the law's
    currency, counts as well. Total: whatever cannot be computed makes an estimate whose remarks say
    why, never an error.
    """
    jurisdiction = book.jurisdiction_of(destination_country)
    if jurisdiction == UNCOVERED:
        return _unknown(parcel, f"no rule book covers the destination {destination_country}")
    law = book.on(jurisdiction, legal_date, known_on)
    convert = convert or law.convert
    exchange_day = exported_on if exported_on and law.exchanged_at_export else legal_date
    exchange: Conversion | None = UNCHANGED
    if parcel.currency != law.currency:
        exchange = convert(parcel.currency, law.currency, exchange_day)
    if exchange is None:
        return _unknown(parcel, f"no exchange rate from {parcel.currency} to {law.currency}")
    goods = _sum_of_goods(parcel)
    if goods is None:
        return _unknown(parcel, "an amount is missing, not a number, or beyond any limit")
    number = parcel.vendor_scheme_id
    is_vendor = not number or vendors.is_active(number, legal_date)
    if not is_vendor:
        parcel = replace(parcel, vendor_scheme_id="")
    bill = Bill(parcel, goods, law, exchange_day, exchange, convert, same_day_goods)
    if not is_vendor:
        bill.remark(f"the vendor's number {number} was not active on {legal_date}: tax is due here")
    if book.in_special_territory(destination_country, parcel.consignee.address.postcode):
        bill.estimate("the consignee lives in a territory with rules of its own")
    if parcel.goods_type is RETURNED:
        bill.estimate(OF_RETURNED_GOODS)
    for charge in _plan(law, parcel, destination_country, transport_mode):
        settle(charge, bill)
    return bill.close(on_account=on_account)


def _plan(
    law: Law, parcel: Parcel, destination_country: str, transport_mode: TransportMode
) -> tuple[PlannedCharge, ...]:
    """What may be due on a parcel, in the order in which it is computed."""
    flow = flow_of(parcel)
    if flow is DOCUMENTS:
        return ()
    subdivision = parcel.consignee.address.subdivision
    region = region_of(subdivision, destination_country) if subdivision else ""
    if region not in law.regions:
        region = ""
    dispatched_from = parcel.consignor.address.country
    situation = (destination_country, region, dispatched_from, flow, transport_mode)
    return law.plans.get(situation) or _planned(law, Situation(*situation))


def _planned(law: Law, situation: Situation) -> tuple[PlannedCharge, ...]:
    """The plan of a situation, from now on kept with the law."""
    if len(law.plans) >= PLANS_KEPT_MAX:
        law.plans.clear()
    plan = law.plans[situation] = plan_of(law, situation)
    return plan


def _sum_of_goods(parcel: Parcel) -> Decimal | None:
    """Value of all goods; None if an amount of the parcel cannot be computed with."""
    goods, transport, insurance = ZERO, parcel.transport_cost, parcel.insurance_cost
    try:
        for item in parcel.items:
            value = item.intrinsic_value
            if value is None or value < ZERO:
                return None
            goods += value
        total = goods + transport + insurance
        fine = ZERO <= total < AMOUNT_MAX and transport >= ZERO and insurance >= ZERO
    except InvalidOperation:  # not a number
        return None
    return goods if fine else None


def _unknown(parcel: Parcel, why: str) -> RevenueAssessment:
    return RevenueAssessment(
        jurisdiction=UNCOVERED,
        currency=parcel.currency,
        intrinsic_value=Decimal(0),
        customs_value=Decimal(0),
        estimated=True,
        remarks=[why],
    )
