"""The category of the WCO Immediate Release Guidelines, which decides on the procedure."""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from pipeline.model import IrgCategory, Parcel, RevenueAssessment
from pipeline.revenue.bill import rounded
from pipeline.revenue.flow import Flow, flow_of
from pipeline.rulebook.book import UNCOVERED, RuleBook


def irg_category(
    parcel: Parcel,
    revenue: RevenueAssessment,
    *,
    restricted: bool,
    legal_date: date,
    destination_country: str,
    book: RuleBook,
) -> tuple[IrgCategory, str]:
    """Category and reason, in the order of the guidelines (UN/EDIFACT 7085).

    Restricted goods leave the simplified categories; then documents, goods free of all charges
    because of their low value, goods of low value with charges, and the rest.
    """
    if restricted:
        return IrgCategory.HIGH_VALUE, "restricted goods need the normal procedure"
    if flow_of(parcel) is Flow.DOCUMENTS:
        return IrgCategory.DOCUMENTS, "documents without duties and taxes"
    jurisdiction = book.jurisdiction_of(destination_country)
    if jurisdiction == UNCOVERED:
        return IrgCategory.HIGH_VALUE, f"no rule book covers {destination_country}"
    if revenue.jurisdiction == UNCOVERED:
        return IrgCategory.HIGH_VALUE, "the value of the goods could not be assessed"
    limit = low_value_limit(book, destination_country, legal_date)
    value = f"{revenue.intrinsic_value} {revenue.currency}"
    if limit is None or revenue.intrinsic_value > limit:
        above = "no low-value procedure is in force" if limit is None else f"above {limit}"
        return IrgCategory.HIGH_VALUE, f"{value}: {above}"
    if revenue.lines:
        return (
            IrgCategory.LOW_VALUE_DUTIABLE,
            f"{value} is not above {limit}, and charges are payable",
        )
    if revenue.estimated:
        return IrgCategory.LOW_VALUE_DUTIABLE, f"{value} is not above {limit}, charges are unsure"
    return (
        IrgCategory.LOW_VALUE_NON_DUTIABLE,
        f"{value} is not above {limit}, and no charges are due at the border",
    )


@lru_cache(maxsize=4_096)
def low_value_limit(book: RuleBook, country: str, legal_date: date) -> Decimal | None:
    """Limit of the simplified procedure, in the jurisdiction's currency; None: there is none."""
    jurisdiction = book.jurisdiction_of(country)
    if jurisdiction == UNCOVERED:
        return None
    law = book.on(jurisdiction, legal_date)
    limits = (law.value(parameter_id) for parameter_id in book.low_value_limits(jurisdiction))
    limit = next((limit for limit in limits if limit.number is not None), None)
    if limit is None or limit.number is None:
        return None
    exchange = law.convert(limit.currency, law.currency, legal_date)
    return None if exchange is None else rounded(limit.number / exchange.rate)
