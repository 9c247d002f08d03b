"""The strict loader of the rule book: errors name file and parameter."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest

from pipeline.errors import RuleBookError
from pipeline.model.revenue import LawStatus
from pipeline.rulebook.book import RuleBook, load_rule_book
from pipeline.rulebook.tariff import read_tariff

JURISDICTION = """
    jurisdiction: XX
    title: Test
    currency: EUR
    key_date: arrival
    exchange: some rate
    low_value_limits: []
    zones: {"XX": Europe/Berlin}
"""
TARIFF = "code,goods,duty,status,from,until\n610910,shirts,12 %,provisional,2008-01-01,\n"
KNOWN = "known: 2020-01-01, status: enacted, confidence: high"
SURE = 'known: 2020-01-01, value: "1", status: enacted, confidence: high'
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


def book_of(folder: Path, values: str, parameter: str = PARAMETER) -> RuleBook:
    (folder / "XX").mkdir(exist_ok=True)
    (folder / "XX" / "jurisdiction.yaml").write_text(dedent(JURISDICTION))
    text = dedent(parameter) + "".join(f"      - {line}\n" for line in values.split("\n"))
    (folder / "XX" / "duty.yaml").write_text(text)
    (folder / "xx.tariff.csv").write_text(TARIFF)
    return load_rule_book.__wrapped__(folder)


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
            f'{{from: 2020-01-01, until: 2019-01-01, value: "1", {KNOWN}}}',
            "ends before it begins",
        ),
        (
            '{from: 2020-01-01, known: 2020-01-01, value: "1", status: perhaps, confidence: high}',
            "perhaps",
        ),
        ("{from: 2020-01-01, value: 1, status: enacted, confidence: high}", r"line \d+: .*`int`"),
        (
            f'{{from: 2020-01-01, value: "1O", {KNOWN}}}',
            "not a number",
        ),
        (
            f'{{from: 2020-01-01, value: "NaN", {KNOWN}}}',
            "not a number",
        ),
        (
            f'{{from: 2020-01-01, value: "-1", {KNOWN}}}',
            "is not from 0",
        ),
        (
            "{from: 2020-01-01, known: 2020-01-01, status: enacted, confidence: high}",
            "missing required field `value`",
        ),
        ("", "values"),
        ('{from: 2020-01-01, valu: "1", status: enacted, confidence: high}', "valu"),
        ("{from: 2020-01-01, from: 2021-01-01}", "stands twice"),
    ],
)
def test_a_faulty_file_is_refused_and_named(tmp_path: Path, values: str, said: str) -> None:
    with pytest.raises(RuleBookError, match=said) as refused:
        book_of(tmp_path, values)
    assert "duty.yaml" in str(refused.value)


def test_a_parameter_without_source_is_refused(tmp_path: Path) -> None:
    value = '{from: 2020-01-01, known: 2020-01-01, value: "1", status: enacted, confidence: high}'
    with pytest.raises(RuleBookError, match=r"xx\.limit: source must be given"):
        book_of(tmp_path, value, PARAMETER.replace("A gazette", '""'))


@pytest.mark.parametrize(
    ("unit", "value", "said"),
    [
        ("share of value", "19", "not from 0 to 1"),
        ("HS codes", "2203, 24", "not a list of HS codes"),
        ("HS codes", "2", "not a list of HS codes"),
    ],
)
def test_a_value_must_fit_its_unit(tmp_path: Path, unit: str, value: str, said: str) -> None:
    entry = f'{{from: 2020-01-01, value: "{value}", {KNOWN}}}'
    with pytest.raises(RuleBookError, match=rf"xx\.limit: the value from 2020-01-01: .*{said}"):
        book_of(tmp_path, entry, PARAMETER.replace("unit: EUR", f"unit: {unit}"))


def test_an_id_stands_once_in_the_rule_book(tmp_path: Path) -> None:
    (tmp_path / "XX").mkdir()
    (tmp_path / "XX" / "a.yaml").write_text(
        dedent(PARAMETER) + f"      - {{from: 2020-01-01, {SURE}}}\n"
    )
    with pytest.raises(
        RuleBookError, match=r"duty\.yaml, line 5: xx\.limit: this id stands more than once"
    ):
        book_of(tmp_path, f"{{from: 2020-01-01, {SURE}}}")


@pytest.mark.parametrize(
    ("jurisdiction", "said"),
    [
        (
            JURISDICTION.replace("Europe/Berlin", "Europe/Brelin").replace("XX", "YY"),
            "no time zone 'Europe/Brelin'",
        ),
        (JURISDICTION.replace("Europe/Berlin", "../etc").replace("XX", "YY"), "no time zone"),
        (JURISDICTION.replace("jurisdiction: XX", "jurisdiction: YY"), "XX belongs to another"),
        (JURISDICTION.replace('"XX":', '"YY":'), "has another file"),
    ],
)
def test_a_faulty_jurisdiction_is_refused_and_named(
    tmp_path: Path, jurisdiction: str, said: str
) -> None:
    (tmp_path / "YY").mkdir()
    (tmp_path / "YY" / "jurisdiction.yaml").write_text(dedent(jurisdiction))
    with pytest.raises(RuleBookError, match=rf"YY/jurisdiction\.yaml, line \d+: .*{said}"):
        book_of(tmp_path, f"{{from: 2020-01-01, {SURE}}}")


def test_law_without_its_jurisdiction_is_refused(tmp_path: Path) -> None:
    parameter = PARAMETER.replace("jurisdiction: XX", "jurisdiction: ZZ")
    with pytest.raises(
        RuleBookError, match=r"duty\.yaml, line 2: ZZ has no file jurisdiction\.yaml"
    ):
        book_of(tmp_path, f"{{from: 2020-01-01, {SURE}}}", parameter)


def test_outside_its_periods_a_parameter_is_unverified(tmp_path: Path) -> None:
    book = book_of(tmp_path, f"{{from: 2020-01-01, until: 2021-01-01, {SURE}}}")
    inside = book.on("XX", date(2020, 12, 31)).value("xx.limit")
    assert (inside.number, inside.status) == (Decimal(1), LawStatus.ENACTED)
    for day in (date(2019, 12, 31), date(2021, 1, 1)):
        outside = book.on("XX", day).value("xx.limit")
        assert (outside.number, outside.status) == (None, LawStatus.UNVERIFIED)


def test_the_version_changes_with_any_law_and_with_nothing_else(tmp_path: Path) -> None:
    before = book_of(tmp_path, f"{{from: 2020-01-01, {SURE}}}").version
    (tmp_path / "XX" / "duty.yaml~").write_text("left by an editor")
    assert load_rule_book.__wrapped__(tmp_path).version == before
    (tmp_path / "xx.tariff.csv").write_text(TARIFF.replace("12 %", "12.1 %"))
    assert load_rule_book.__wrapped__(tmp_path).version != before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("640399,shoes,much,provisional,2008-01-01,", "no rate of duty"),
        ("640399,shoes,NaN %,provisional,2008-01-01,", "no rate of duty"),
        ("640399,shoes,-1 %,provisional,2008-01-01,", "no rate of duty"),
        ("640399,shoes,1001 %,provisional,2008-01-01,", "above 1000 %"),
        ("640399,shoes,8 % + 8 %,provisional,2008-01-01,", "no rate of duty"),
        ("640399,shoes,1 EUR/kg + 2 EUR/kg,provisional,2008-01-01,", "a part more than once"),
        ("640399,shoes,8 % min 1 %,provisional,2008-01-01,", "no rate of duty"),
        ("640399,shoes,8 %,perhaps,2008-01-01,", "perhaps"),
        ("640399,shoes,8 %,provisional,2008-13-01,", "month"),
        ("640399,shoes,8 %,provisional,2008-01-01,2008-01-01", "ends before it begins"),
        ("64039,shoes,8 %,provisional,2008-01-01,", "neither a chapter nor"),
        ("610910,shirts,8 %,provisional,2020-01-01,", "two rates from 2020-01-01"),
        ("640399,shoes,8 %", "None"),
    ],
)
def test_a_faulty_tariff_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text(f"{TARIFF}{line}\n")
    with pytest.raises(RuleBookError, match=rf"tariff\.csv, line 3: .*{said}"):
        read_tariff(path)


def test_a_missing_tariff_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match=r"tariff\.csv: .*No such file"):
        read_tariff(tmp_path / "tariff.csv")


def test_the_legal_date_is_the_local_date_of_arrival() -> None:
    """23:30 UTC on 30 June is 1 July in Berlin, and still 30 June in New York."""
    book = load_rule_book()
    arrival_at = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert book.legal_date(arrival_at, "DE") == date(2026, 7, 1)
    assert book.legal_date(arrival_at, "US") == date(2026, 6, 30)
    eastern = datetime(2026, 7, 1, 8, 30, tzinfo=timezone(timedelta(hours=9)))
    assert book.legal_date(eastern, "ZZ") == date(2026, 6, 30)  # uncovered: UTC


@pytest.mark.parametrize(
    ("country", "postcode", "special"),
    [
        ("ES", "35001", True),
        ("ES", "28001", False),
        ("FR", "97110", True),
        ("GB", "bt1 1aa", True),
        ("GB", "B1 1AA", False),
        ("DE", " 78 266", True),
        ("DE", "", False),
        ("ZZ", "9700000", False),
    ],
)
def test_territories_with_rules_of_their_own_are_told_by_postcode(
    country: str, postcode: str, special: bool
) -> None:
    assert load_rule_book().in_special_territory(country, postcode) is special
