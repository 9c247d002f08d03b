"""Who answers for the charges of a parcel, as a decision says."""

from decimal import Decimal
from enum import StrEnum

from pipeline.model import CollectionModel, Decision, Outcome, RevenueAssessment


class Settlement(StrEnum):
    """Who answers for the charges of a parcel, and how far that is."""

    ACCOUNT = "account"  # the operator owes them
    RESERVED = "reserved"  # the account secures them; not final yet
    CONSIGNEE = "consignee"  # paid before release
    AWAITED = "awaited"  # not paid yet
    UNDER_INSPECTION = "under_inspection"  # nothing is secured yet
    AT_SALE = "at_sale"
    NOTHING_DUE = "nothing_due"
    REMOVED = "removed"  # refused entry: nothing is owed


SECURED = frozenset({Settlement.ACCOUNT, Settlement.RESERVED})
"""The account answers for these."""
_WITHOUT_ACCOUNT = {
    CollectionModel.CONSIGNEE: Settlement.CONSIGNEE,
    CollectionModel.AT_SALE: Settlement.AT_SALE,
    CollectionModel.NOTHING_DUE: Settlement.NOTHING_DUE,
}


def settlement_of(decision: Decision) -> Settlement:
    """How far the charges of a parcel are settled by a decision."""
    revenue, outcome = decision.revenue, decision.outcome
    if outcome is Outcome.REFUSED:
        return Settlement.REMOVED
    if outcome is Outcome.REVENUE:
        return Settlement.AWAITED
    if revenue.collection is CollectionModel.ON_ACCOUNT:
        final = outcome is Outcome.RELEASE and not revenue.estimated
        return Settlement.ACCOUNT if final else Settlement.RESERVED
    if outcome is Outcome.INSPECTION:
        return Settlement.UNDER_INSPECTION
    return _WITHOUT_ACCOUNT[revenue.collection]


def on_account(revenue: RevenueAssessment) -> Decimal:
    """On an account without a limit here, all of it."""
    return revenue.account_used + revenue.account_reserved or revenue.total_due
