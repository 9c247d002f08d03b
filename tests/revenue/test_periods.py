"""Two time axes: when law holds, and since when that was known."""

from datetime import date
from typing import Any

import pytest
from msgspec import Struct

from pipeline.rulebook.periods import fault_of, in_force, is_known


class Period(Struct, frozen=True):
    start: date
    until: date | None = None
    known: date = date(2019, 1, 1)
    withdrawn: date | None = None


def year(number: int) -> date:
    return date(number, 1, 1)


OLD = Period(year(2020), year(2025))
NEW = Period(year(2025), known=year(2024))


@pytest.mark.parametrize(
    ("day", "known_on", "expected"),
    [
        (date(2024, 12, 31), None, OLD),
        (year(2025), None, NEW),
        (date(2019, 12, 31), None, None),
        (year(2030), year(2024), NEW),
        # Before 2024 nobody knew that the old law would end.
        (year(2030), date(2023, 12, 31), OLD),
        (year(2030), date(2018, 12, 31), None),
    ],
)
def test_the_last_period_then_known_holds(
    day: date, known_on: date | None, expected: Period | None
) -> None:
    assert in_force([OLD, NEW], day, known_on) == expected


def test_after_the_last_period_nothing_is_known() -> None:
    assert in_force([OLD], year(2025)) is None
    assert in_force([OLD], year(2025), year(2020)) is None


def test_what_was_withdrawn_counts_until_then() -> None:
    """Law that was postponed: announced for 2021, then for 2022."""
    first = Period(year(2021), known=year(2020), withdrawn=date(2020, 6, 1))
    second = Period(year(2022), known=date(2020, 6, 1))
    both = [first, second]
    assert in_force(both, date(2021, 5, 1), date(2020, 5, 31)) is first
    assert in_force(both, date(2021, 5, 1), date(2020, 6, 1)) is None
    assert in_force(both, date(2021, 5, 1)) is None
    assert is_known(first, date(2020, 5, 31))
    assert not is_known(first, None)


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ([{"start": year(2020), "until": year(2020)}], 0, "ends before it begins"),
        ([{"start": year(2020), "withdrawn": year(2019)}], 0, "withdrawn before it was known"),
        ([{"start": year(2020)}, {"start": year(2021)}], 1, "periods must meet"),
        (
            [{"start": year(2020), "until": year(2022)}, {"start": year(2021)}],
            1,
            "periods must meet",
        ),
        (
            [{"start": year(2020), "withdrawn": year(2025)}, {"start": year(2020)}],
            1,
            "were known at one time",
        ),
    ],
)
def test_a_broken_order_is_told(fields: list[dict[str, Any]], place: int, said: str) -> None:
    fault = fault_of([Period(**each) for each in fields])
    assert fault is not None
    assert fault[0] == place
    assert said in fault[1]


def test_periods_that_meet_are_well() -> None:
    assert fault_of([OLD, NEW]) is None
