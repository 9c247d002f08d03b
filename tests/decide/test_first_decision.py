"""Where an assessed parcel goes first."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.decide.decide import rule_on
from pipeline.model import CollectionModel, Outcome, RevenueAssessment, SelectedBy
from tests.builders import parcel
from tests.decide.desk import DUE, NOTHING_DUE, Desk, assessed, assessment, hit, revenue_of


def revenue(**fields: Any) -> RevenueAssessment:
    """EUR 9.06 due from the consignee."""
    ordinary: dict[str, Any] = {
        "jurisdiction": "EU",
        "currency": "EUR",
        "intrinsic_value": Decimal("24.90"),
        "customs_value": Decimal("28.90"),
        "total_due": DUE,
        "unsecured_due": DUE,
        "collection": CollectionModel.CONSIGNEE,
    }
    return RevenueAssessment(**{**ordinary, **fields})


ON_ACCOUNT = revenue(unsecured_due=Decimal(0), collection=CollectionModel.ON_ACCOUNT)
UNKNOWN = RevenueAssessment(
    jurisdiction="",
    currency="NOK",
    intrinsic_value=Decimal(0),
    customs_value=Decimal(0),
    estimated=True,
    remarks=["no rule book covers the destination NO"],
)


@pytest.mark.parametrize(
    ("fields", "outcome", "reason"),
    [
        (
            {"revenue": NOTHING_DUE},
            Outcome.RELEASE,
            "Released: nothing is due and nothing was selected.",
        ),
        (
            {"revenue": revenue()},
            Outcome.REVENUE,
            "Held for payment: 9.06 EUR must be paid before release.",
        ),
        (
            {"revenue": ON_ACCOUNT},
            Outcome.RELEASE,
            "Released: 9.06 EUR are secured by the carrier's account.",
        ),
        (
            {
                "revenue": revenue(
                    total_due=Decimal(0),
                    unsecured_due=Decimal(0),
                    collection=CollectionModel.AT_SALE,
                )
            },
            Outcome.RELEASE,
            "Released: tax was collected at sale and nothing was selected.",
        ),
        (
            {"revenue": UNKNOWN},
            Outcome.INSPECTION,
            (
                "Held for inspection: what is due could not be established: "
                "no rule book covers the destination NO."
            ),
        ),
        (
            {"revenue": revenue(estimated=True, remarks=["tariff rate not verified"])},
            Outcome.REVENUE,
            (
                "Held for payment: 9.06 EUR must be paid before release "
                "(an estimate: tariff rate not verified)."
            ),
        ),
        (
            {
                "revenue": revenue(
                    unsecured_due=Decimal(0),
                    collection=CollectionModel.ON_ACCOUNT,
                    estimated=True,
                )
            },
            Outcome.RELEASE,
            (
                "Released: 9.06 EUR are secured by the carrier's account "
                "(an estimate: it rests on unverified law)."
            ),
        ),
        (
            {"selected_by": [SelectedBy.RANDOM], "revenue": NOTHING_DUE},
            Outcome.INSPECTION,
            "Held for inspection: it was drawn at random.",
        ),
        (
            {
                "selected_by": [SelectedBy.MANDATORY, SelectedBy.SCORE],
                "score": 100,
                "rules": [
                    hit(points=10, title="vague description"),
                    hit(rule_id="R05", points=100, title="restricted goods", mandatory=True),
                ],
            },
            Outcome.INSPECTION,
            (
                "Held for inspection: a mandatory profile requires it (restricted goods); "
                "its risk score is 100 of 100 (restricted goods, vague description)."
            ),
        ),
    ],
)
def test_first_decision(fields: dict[str, Any], outcome: Outcome, reason: str) -> None:
    """Inspection if selected; else revenue if an unsecured amount is due; else release."""
    ruling = rule_on(assessment(**fields))
    assert (ruling.outcome, ruling.reason) == (outcome, reason)


def test_what_the_pipeline_calls_an_estimate_of_nothing_reaches_an_officer_with_its_goods() -> None:
    """An unknown currency leaves nothing to compute: the parcel is kept for a reassessment."""
    unknown_currency = parcel(currency="XXX")
    handed_on = assessed(parcel=unknown_currency, revenue=revenue_of(unknown_currency))
    desk = Desk().announce(handed_on)
    assert desk.last.outcome is Outcome.INSPECTION
    assert handed_on.parcel == unknown_currency


def test_a_released_parcel_leaves_a_small_case() -> None:
    """Nothing of the assessment is kept once nobody will need it."""
    case = Desk().announce(assessed(revenue=NOTHING_DUE)).case()
    assert case is not None
    assert case.assessed == b""
