"""Exchange rates by month."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest

from pipeline.reference.codes import currencies_in_force, currency_minor_units
from pipeline.reference.exchange import conversion, known_currencies
from pipeline.reference.refresh import month_rates, penultimate_wednesday, write


def test_the_rate_of_a_month_is_that_of_the_penultimate_wednesday_before() -> None:
    """Rates of the ECB of 2026-06-17 for July and of 2026-10-21 for November."""
    july = conversion("USD", "EUR", date(2026, 7, 15))
    november = conversion("CNY", "EUR", date(2026, 11, 30))
    assert july
    assert str(july.rate) == "1.1591"
    assert november
    assert str(november.rate) == "7.4999"


def test_after_the_last_known_month_the_last_rate_stands_in_and_says_so() -> None:
    later = conversion("USD", "EUR", date(2027, 3, 1))
    assert later
    assert "standing in for 2027-03" in later.text


def test_an_unknown_currency_has_no_rate() -> None:
    assert conversion("XTS", "EUR", date(2026, 7, 1)) is None


def test_a_currency_whose_publication_ended_is_not_sure() -> None:
    """The ECB stopped the rouble in March 2022."""
    then, now = (conversion("RUB", "EUR", day) for day in (date(2022, 3, 1), date(2026, 7, 1)))
    assert then
    assert then.sure
    assert now
    assert not now.sure


def test_before_the_first_known_month_no_rate_is_sure() -> None:
    early = conversion("USD", "EUR", date(1, 1, 1))
    assert early
    assert not early.sure


def test_pounds_are_converted_by_way_of_the_euro_and_say_so() -> None:
    """1.1591 USD and 0.86463 GBP for one euro in July 2026."""
    cross = conversion("USD", "GBP", date(2026, 7, 1))
    assert cross
    assert round(cross.rate, 6) == round(Decimal("1.1591") / Decimal("0.86463"), 6)
    assert "cross rate" in cross.text


def test_every_currency_with_a_rate_has_minor_units() -> None:
    assert known_currencies() <= set(currency_minor_units())


@pytest.mark.parametrize(
    ("currency", "last_day"), [("HRK", date(2022, 12, 31)), ("BGN", date(2025, 12, 31))]
)
def test_a_currency_is_in_force_until_the_euro_replaced_it(currency: str, last_day: date) -> None:
    assert currency in currencies_in_force(last_day)
    assert currency not in currencies_in_force(last_day + timedelta(days=1))


@pytest.mark.parametrize(("currency", "units"), [("JPY", 0), ("EUR", 2), ("KWD", 3), ("RSD", 2)])
def test_minor_units_are_those_of_iso_4217(currency: str, units: int) -> None:
    assert currency_minor_units()[currency] == units


@pytest.mark.parametrize(
    ("day", "wednesday"),
    [
        (date(2026, 6, 30), date(2026, 6, 17)),
        (date(2026, 10, 1), date(2026, 10, 21)),
        (date(2026, 9, 30), date(2026, 9, 23)),  # the month ends on a Wednesday
        (date(2025, 12, 31), date(2025, 12, 24)),
        (date(2024, 2, 1), date(2024, 2, 21)),
    ],
)
def test_the_penultimate_wednesday(day: date, wednesday: date) -> None:
    assert penultimate_wednesday(day) == wednesday


def test_the_written_table_steps_over_holidays_and_ends_with_the_last_known_month() -> None:
    """The Wednesdays that fix January and February 2021 are 23 December and 20 January."""
    known = {date(2020, 12, 22): Decimal("1.2239"), date(2021, 1, 20): Decimal("1.2101")}
    rows = month_rates(
        ["USD", "XTS"], date(2021, 2, 1), lambda c, d: known.get(d) if c == "USD" else None
    )
    stream = StringIO()
    write(stream, rows)
    assert list(csv.reader(StringIO(stream.getvalue()))) == [
        ["month", "currency", "units_per_eur"],
        ["2021-01", "USD", "1.2239"],
        ["2021-02", "USD", "1.2101"],
    ]
