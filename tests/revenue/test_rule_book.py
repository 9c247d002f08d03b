"""The strict loader of the rule book: errors name file and parameter."""

from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from pipeline.errors import RuleBookError
from pipeline.reference.exchange import conversion
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.files import read_yaml
from pipeline.rulebook.tariff import read_tariff

JURISDICTION = """
    jurisdiction: XX
    title: Test
    currency: EUR
    zones: {"XX": Europe/Berlin}
"""
TARIFF = "code,goods,eu,eu_status,gb,gb_status,us,us_301,us_status\n610910,shirts,12,provisional,12,provisional,16.5,7.5,provisional\n"
SURE = 'value: "1", status: enacted, confidence: high'
PARAMETER = """
    jurisdiction: XX
    subject: duty
    parameters:
      - id: xx.limit
        title: A limit
        unit: EUR
        legal_basis: A law
        source: A gazette
        values:
"""


def book_of(folder: Path, values: str, parameter: str = PARAMETER) -> None:
    (folder / "XX").mkdir()
    (folder / "XX" / "jurisdiction.yaml").write_text(dedent(JURISDICTION))
    text = dedent(parameter) + "".join(f"      - {line}\n" for line in values.split("\n"))
    (folder / "XX" / "duty.yaml").write_text(text)
    (folder / "tariff.csv").write_text(TARIFF)
    load_rule_book.__wrapped__(folder)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            f"{{from: 2020-01-01, until: 2021-01-01, {SURE}}}\n{{from: 2021-02-01, {SURE}}}",
            "periods must meet",
        ),
        (
            f"{{from: 2020-01-01, until: 2021-01-01, {SURE}}}\n{{from: 2020-12-01, {SURE}}}",
            "periods must meet",
        ),
        (
            '{from: 2020-01-01, until: 2019-01-01, value: "1", status: enacted, confidence: high}',
            "ends before it begins",
        ),
        ('{from: 2020-01-01, value: "1", status: perhaps, confidence: high}', "perhaps"),
        ('{from: 2020-01-01, valu: "1", status: enacted, confidence: high}', "valu"),
        ("{from: 2020-01-01, from: 2021-01-01}", "stands twice"),
    ],
)
def test_a_faulty_file_is_refused_and_named(tmp_path: Path, values: str, said: str) -> None:
    with pytest.raises(RuleBookError, match=said) as refused:
        book_of(tmp_path, values)
    assert "duty.yaml" in str(refused.value)


def test_a_parameter_without_source_is_refused(tmp_path: Path) -> None:
    value = '{from: 2020-01-01, value: "1", status: enacted, confidence: high}'
    with pytest.raises(RuleBookError, match=r"xx\.limit: source must be given"):
        book_of(tmp_path, value, PARAMETER.replace("A gazette", '""'))


def test_a_number_in_a_file_stays_exact(tmp_path: Path) -> None:
    """A YAML float becomes text, never a binary float."""
    path = tmp_path / "numbers.yaml"
    path.write_text("a: 0.1\n")
    assert read_yaml(path, dict[str, str]) == {"a": "0.1"}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match=r"nothing\.yaml"):
        read_yaml(tmp_path / "nothing.yaml", dict[str, str])


def test_a_faulty_tariff_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text(TARIFF + "640399,shoes,much,provisional,8,provisional,8,0,provisional\n")
    with pytest.raises(RuleBookError, match="line 3"):
        read_tariff(path)


def test_the_legal_date_is_the_local_date_of_arrival() -> None:
    """23:30 UTC on 30 June is 1 July in Berlin, and still 30 June in New York."""
    book = load_rule_book()
    arrival_at = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert book.legal_date(arrival_at, "DE") == date(2026, 7, 1)
    assert book.legal_date(arrival_at, "US") == date(2026, 6, 30)
    assert book.legal_date(arrival_at, "JP") == date(2026, 6, 30)  # uncovered: UTC


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
