"""What a parcel owes: the entrance to the jurisdictions' rules."""

from datetime import date
from decimal import Decimal

from pipeline.model import Parcel, RevenueAssessment, TransportMode
from pipeline.reference.exchange import conversion
from pipeline.revenue import european_union, great_britain, united_states
from pipeline.revenue.bill import AMOUNT_MAX, ZERO, Bill
from pipeline.revenue.flow import Flow, flow_of
from pipeline.rulebook.book import UNCOVERED, RuleBook


def assess_revenue(
    parcel: Parcel,
    *,
    destination_country: str,
    transport_mode: TransportMode,
    legal_date: date,
    book: RuleBook,
    on_account: bool,
) -> RevenueAssessment:
    """Duty, tax and fees by the law of `legal_date`, in the currency of the destination.

    Total: whatever cannot be computed makes an estimate whose remarks say why, never an error.
    """
    jurisdiction = book.jurisdiction_of(destination_country)
    if jurisdiction == UNCOVERED:
        return _unknown(parcel, f"no rule book covers the destination {destination_country}")
    law = book.on(jurisdiction, legal_date)
    rate = conversion(parcel.currency, law.currency, legal_date)
    if rate is None:
        return _unknown(parcel, f"no exchange rate from {parcel.currency} to {law.currency}")
    if not _computable(parcel):
        return _unknown(parcel, "an amount is not a number, or beyond any limit")
    flow = flow_of(parcel)
    bill = Bill(parcel, flow, law, rate)
    if book.in_special_territory(destination_country, parcel.consignee.address.postcode):
        bill.estimate("the consignee lives in a territory with rules of its own")
    collected_at_sale = False
    if flow is not Flow.DOCUMENTS:
        if jurisdiction == "EU":
            collected_at_sale = european_union.charge(bill, destination_country)
        elif jurisdiction == "GB":
            collected_at_sale = great_britain.charge(bill)
        else:
            collected_at_sale = united_states.charge(bill, transport_mode)
    return bill.close(on_account=on_account, collected_at_sale=collected_at_sale)


def _computable(parcel: Parcel) -> bool:
    amounts = [parcel.transport_cost, parcel.insurance_cost]
    amounts += [item.intrinsic_value for item in parcel.items]
    return all(amount.is_finite() and ZERO <= amount < AMOUNT_MAX for amount in amounts)


def _unknown(parcel: Parcel, why: str) -> RevenueAssessment:
    return RevenueAssessment(
        jurisdiction=UNCOVERED,
        currency=parcel.currency,
        intrinsic_value=Decimal(0),
        customs_value=Decimal(0),
        estimated=True,
        remarks=[why],
    )
