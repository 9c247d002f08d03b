"""Worked examples of duty, tax and fees, which a lawyer can read in cases/*.yaml."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.model import ChargeKind
from pipeline.rulebook.files import read_yaml
from tests.revenue.examples import Case, assess

CASES = [
    case
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in read_yaml(path, list[Case])
]
NOTED = {*range(1, 30), 31, 33, 35, 36, 38, 40, 41, 42, 44, 46, 47, 49, 50, 52, 53, 54}
"""Numbers of the worked examples that were collected; the others were never given."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_worked_example_comes_out_to_the_cent(case: Case) -> None:
    assessment = assess(case)
    found = {
        kind: sum((line.amount for line in assessment.lines if line.kind is kind), Decimal(0))
        for kind in ChargeKind
    }
    assert found == {
        ChargeKind.DUTY: case.duty,
        ChargeKind.TAX: case.tax,
        ChargeKind.FEE: case.fee,
    }, assessment
    total = case.duty + case.tax + case.fee
    assert assessment.total_due == total
    for charge, reason in case.nothing.items():
        assert (charge, reason) in {(one.charge, one.reason) for one in assessment.not_charged}
    assert assessment.unsecured_due == (total if case.unsecured is None else case.unsecured)
    assert assessment.estimated is case.estimated, assessment.remarks


def test_no_two_cases_have_one_name() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


def test_every_worked_example_is_here() -> None:
    numbers = {int(found[1]) for case in CASES if (found := re.match(r"W(\d+)", case.id))}
    assert numbers == NOTED
