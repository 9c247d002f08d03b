"""Rates of duty in the words of official tariffs."""

import pytest

from pipeline.rulebook.duty_rate import parse_duty_rate
from pipeline.tariffs.duty_texts import american, european


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("12.000 %", "12 %"),
        ("NIHIL", "0 %"),
        ("0.00 %", "0 %"),
        ("17.300 EUR DTN", "0.173 EUR/kg"),
        ("34.00 GBP / 100 kg", "0.34 GBP/kg"),
        ("9.000 % + 20.600 EUR DTN", "9 % + 0.206 EUR/kg"),
        ("2.000 EUR MIL", "0.002 EUR/piece"),
        ("5.000 EUR TNE", "0.005 EUR/kg"),
        (
            "4.500 % MIN 0.300 EUR NAR MAX 0.800 EUR NAR",
            "4.5 % min 0.3 EUR/piece max 0.8 EUR/piece",
        ),
        ("4.00 %  MIN 0.25 GBP / item", "4 % min 0.25 GBP/piece"),
    ],
)
def test_what_the_rule_book_can_say_is_said_exactly(text: str, rate: str) -> None:
    assert european(text) == rate
    assert parse_duty_rate(rate).text == rate


@pytest.mark.parametrize(
    "text",
    [
        "13.100 EUR HLT",
        "9.000 % + EA(1)",
        "NAR",
        "",
        "1 EUR ASV",
        "5 % MAX 18.7 % +ADSZ(1)",
        "x MIN 1 %",
    ],
)
def test_what_it_cannot_say_is_not_guessed(text: str) -> None:
    assert european(text) is None


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("Free", "0 %"),
        ("16.5%", "16.5 %"),
        ("4.4¢/kg", "0.044 USD/kg"),
        ("$1.50/kg + 8.5%", "1.5 USD/kg + 8.5 %"),
        ("51¢ each", "0.51 USD/piece"),
        ("3.7¢/liter", None),
        ("40¢/doz. + 5%", None),
        ("See 9903.88.15", None),
        ("", None),
    ],
)
def test_rates_of_the_american_schedule(text: str, rate: str | None) -> None:
    assert american(text) == rate
    if rate is not None:
        parse_duty_rate(rate)
