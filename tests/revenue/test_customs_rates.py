"""Customs rates of exchange: from files, by the date that the law names, stale ones flagged."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import RuleBookError
from pipeline.model import RevenueAssessment, TransportMode
from pipeline.reference.exchange import conversion
from pipeline.revenue.assess import assess_revenue
from pipeline.rulebook.book import RuleBook, load_rule_book
from pipeline.rulebook.customs_rates import read_customs_rates
from pipeline.rulebook.difference import first_difference
from pipeline.rulebook.overlay import overlaid
from tests.builders import goods_item, parcel

HEAD = "currency,foreign_units,own_units,from,until\n"
JULY = "USD,1.25,1,2026-07-01,2026-08-01\nJPY,100,0.50,2026-07-01,2026-08-01\n"
GB = overlaid({"exchange/GB.csv": HEAD + JULY})
QUARTERS = "EUR,1,1.10,2026-06-01,2026-07-01\nEUR,1,1.20,2026-07-01,2026-10-01\n"
US = overlaid({"exchange/US.csv": HEAD + QUARTERS})


def assessed(book: RuleBook, country: str, day: date, **fields: object) -> RevenueAssessment:
    exported_on = fields.pop("exported_on", None)
    declared = parcel(items=[goods_item(intrinsic_value=Decimal("100.00"))], **fields)
    return assess_revenue(
        declared,
        destination_country=country,
        transport_mode=TransportMode.AIR,
        legal_date=day,
        book=book,
        on_account=False,
        exported_on=exported_on,  # type: ignore[arg-type]
    )


def test_values_are_converted_at_the_customs_rate() -> None:
    found = assessed(GB, "GB", date(2026, 7, 31), currency="USD")
    assert found.intrinsic_value == Decimal("80.00")
    said = "1.25 USD for 1 GBP (HMRC rate of the month, from 2026-07-01)"
    assert found.exchange_rate == said
    assert not found.estimated


def test_a_rate_may_stand_for_a_hundred_units() -> None:
    found = assessed(GB, "GB", date(2026, 7, 1), currency="JPY")
    assert found.intrinsic_value == Decimal("0.50")


def test_a_rate_whose_period_is_over_stands_in_and_makes_an_estimate() -> None:
    found = assessed(GB, "GB", date(2026, 8, 1), currency="USD")
    assert found.intrinsic_value == Decimal("80.00")
    assert found.estimated
    assert "from 2026-07-01, standing in for 2026-08-01" in found.exchange_rate


def test_other_currencies_and_earlier_days_have_the_ecbs_rate_standing_in() -> None:
    for day, currency in ((date(2026, 6, 30), "USD"), (date(2026, 7, 1), "CNY")):
        found = assessed(GB, "GB", day, currency=currency)
        assert "ECB" in found.exchange_rate
        assert found.exchange_rate.endswith("standing in for the HMRC rate of the month")


def test_two_foreign_currencies_are_converted_by_way_of_the_own() -> None:
    rates = GB.rates["GB"].conversion("JPY", "USD", date(2026, 7, 1), "x")
    assert rates
    assert rates.rate == Decimal(200) / Decimal("1.25")


@pytest.mark.parametrize(
    ("exported_on", "value"), [(date(2026, 6, 30), "110.00"), (date(2026, 7, 1), "120.00")]
)
def test_the_united_states_convert_at_the_rate_of_the_day_of_export(
    exported_on: date, value: str
) -> None:
    found = assessed(US, "US", date(2026, 7, 3), exported_on=exported_on)
    assert found.intrinsic_value == Decimal(value)


def test_the_union_converts_at_the_rate_of_the_arrival() -> None:
    book = load_rule_book()
    days = {"exported_on": date(2026, 6, 30), "currency": "USD"}
    found = assessed(book, "DE", date(2026, 7, 1), **days)
    assert "ECB 2026-07" in found.exchange_rate


def test_new_rates_cover_legal_dates_from_their_first_day_on() -> None:
    assert first_difference(load_rule_book(), GB) == date(2026, 7, 1)
    august = overlaid({"exchange/GB.csv": f"{HEAD}{JULY}USD,1.30,1,2026-08-01,2026-09-01\n"})
    assert first_difference(GB, august) == date(2026, 8, 1)


def test_a_table_of_the_ecb_that_is_out_of_date_makes_an_estimate() -> None:
    """It ends with November 2026; two months later nobody knows whether rates are still alike."""
    soon, late = (conversion("USD", "EUR", day) for day in (date(2027, 1, 31), date(2027, 2, 1)))
    assert soon
    assert soon.sure
    assert late
    assert not late.sure


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("USD,0,1,2026-07-01,2026-08-01\n", "line 2: .*units must be above zero"),
        ("USD,NaN,1,2026-07-01,2026-08-01\n", "units must be above zero"),
        ("USD,x,1,2026-07-01,2026-08-01\n", "line 2"),
        ("USD,1,1,2026-07-01,2026-07-01\n", "ends before it begins"),
        ("USD,1,1,2026-07-01,\n", "line 2"),
        ("usd,1,1,2026-07-01,2026-08-01\n", "'usd' is no currency"),
        (JULY + "USD,1,1,2026-07-31,2026-08-02\n", "USD has two rates from 2026-07-31"),
        ("USD,1\n", "line 2"),
    ],
)
def test_a_bad_file_of_rates_is_told(tmp_path: Path, rows: str, said: str) -> None:
    path = tmp_path / "GB.csv"
    path.write_text(HEAD + rows)
    with pytest.raises(RuleBookError, match=f"GB.csv.*{said}"):
        read_customs_rates(path, "GBP")


def test_rates_that_cannot_be_read_or_are_of_nobody_are_told(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match=r"missing\.csv"):
        read_customs_rates(tmp_path / "missing.csv", "GBP")
    with pytest.raises(RuleBookError, match="there is no jurisdiction ZZ"):
        overlaid({"exchange/ZZ.csv": HEAD + JULY})
