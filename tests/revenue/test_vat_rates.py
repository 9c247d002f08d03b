"""VAT rates of the law against a package that follows the Commission's database.

It knows current rates only, and no goods. What differs is listed here with a judgement.
"""

import json
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from pipeline.rulebook.book import load_rule_book

DAY = date(2026, 9, 29)
ELSEWHERE = {"GB": "gb.vat.rate", "CH": "ch.vat.rate", "NO": "no.vat.rate", "TR": "tr.vat.rate"}
JUDGED = {
    "DK": "no reduced rate exists: books pay the standard rate",
    "CZ": "printed books are exempt with credit since 2024, which the package does not list",
    "IE": "printed books are zero-rated, which the package does not list",
}
"""Countries whose rate on books is none of the package's reduced rates, and why."""


@cache
def package() -> dict[str, dict[str, Any]]:
    """Rates by country, as exact numbers."""
    text = (files("eu_vat_rates_data") / "eu_vat_rates_data.json").read_text()
    rates: dict[str, dict[str, Any]] = json.loads(text, parse_float=Decimal, parse_int=Decimal)[
        "rates"
    ]
    return rates


def percent(parameter_id: str, jurisdiction: str) -> Decimal:
    rate = load_rule_book().on(jurisdiction, DAY).amount(parameter_id)
    assert rate is not None
    return rate * 100


EU_COUNTRIES = sorted(load_rule_book().sources["EU"].entry.zones)


@pytest.mark.parametrize("country", EU_COUNTRIES)
def test_the_standard_rate_of_a_member_state_agrees(country: str) -> None:
    assert percent(f"eu.vat.rate.{country}", "EU") == package()[country]["standard"]


@pytest.mark.parametrize("country", ELSEWHERE)
def test_the_standard_rate_elsewhere_agrees(country: str) -> None:
    assert percent(ELSEWHERE[country], country) == package()[country]["standard"]


def test_rates_on_books_are_reduced_rates_of_the_state_or_judged() -> None:
    differing = set()
    for country in EU_COUNTRIES:
        rates = package()[country]
        reduced = {*rates["reduced"], rates["super_reduced"]}
        if percent(f"eu.vat.books.{country}", "EU") not in reduced:
            differing.add(country)
    assert differing == set(JUDGED)
