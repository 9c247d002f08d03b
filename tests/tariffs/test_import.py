"""Official tariffs become tables; what is left out is listed."""

import csv
import json
import time
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import InputFileError
from pipeline.rulebook.tariff import read_tariff
from pipeline.tariffs.snapshot import Rate, as_csv, followed, heading_of
from pipeline.tariffs.taric import read_taric
from pipeline.tariffs.uk_trade_tariff import read_uk_trade_tariff
from pipeline.tariffs.usitc_hts import read_usitc_hts

EXAMPLES = Path(__file__).parent / "examples"
TARIC, GB, HTS = (
    EXAMPLES / name for name in ("duties_import.csv", "gb_9102110000.json", "hts.json")
)
DAY = date(2026, 7, 1)


def run(*arguments: object) -> Result:
    command = ["law", "tariff", "import", *map(str, arguments)]
    return CliRunner().invoke(app, command, env={"COLUMNS": "150"})


def day_of(text: str) -> date:
    day, month, year = map(int, text.split("-"))
    return date(year, month, day)


def rates(table: Path, day: date) -> dict[str, str]:
    found = read_tariff(table)
    on_the_day = {row.matched: found.on(day).rate(row.matched) for row in found.rows}
    return {code: row.rate.text for code, row in on_the_day.items() if row and row.matched == code}


def test_taric_becomes_a_dated_table(tmp_path: Path) -> None:
    table, listed = tmp_path / "eu.tariff.csv", tmp_path / "left.csv"
    result = run(TARIC, "--format", "taric", "--to", table, "--left-out", listed)
    assert result.exit_code == 0, result.output
    assert rates(table, date(2025, 12, 31))["090121"] == "7.5 %"
    assert rates(table, date(2026, 1, 1)) == {
        "6109100010": "12 %",
        "6109100090": "12 %",
        "610910": "12 %",  # all lines of the subheading alike
        "64029910": "17 %",
        "64029950": "16.8 %",
        "910211": "4.5 % min 0.3 EUR/piece max 0.8 EUR/piece",
        "4901": "0 %",
        "090121": "9 % + 0.206 EUR/kg",
        "17049071": "9 %",
    }
    with listed.open() as file:
        left = {(row["code"], row["why"]) for row in csv.DictReader(file)}
    assert left == {
        ("1704906500", "this rate cannot be expressed"),
        ("2204210000", "this rate cannot be expressed"),
        ("6911100000", "only duty on all origins is read"),
        ("6109100010", "only duty on all origins is read"),
        ("8507600000", "rests on an additional code"),
    }
    assert "3 codes have no rate for that" in result.stdout
    assert "142 Tariff preference" in result.stdout


def test_the_workbook_is_read_as_its_csv_is(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    with TARIC.open() as file:
        for number, row in enumerate(csv.reader(file)):
            cells: list[object] = list(row)
            if number:
                cells[3] = datetime(2000, 1, 1) + (day_of(row[3]) - date(2000, 1, 1))  # noqa: DTZ001
                cells[11] = int(row[11])
            book.worksheets[0].append(cells)
    path = tmp_path / "Duties Import 01-99.xlsx"
    book.save(path)
    assert read_taric(path) == read_taric(TARIC)


def test_an_answer_of_the_uk_service_becomes_a_table(tmp_path: Path) -> None:
    table = tmp_path / "gb.tariff.csv"
    result = run(GB, "--format", "uk-trade-tariff", "--to", table)
    assert result.exit_code == 0, result.output
    assert rates(table, DAY) == {"910211": "4 % min 0.25 GBP/piece max 0.67 GBP/piece"}
    assert [one.measure for one in read_uk_trade_tariff(GB).left_out] == [
        "142 Tariff preference for KR",
        "305 Value added tax for 1400",
    ]


def test_a_revision_of_the_american_schedule_becomes_a_table(tmp_path: Path) -> None:
    table = tmp_path / "us.tariff.csv"
    result = run(HTS, "--format", "usitc-hts", "--from", "2026-07-01", "--to", table)
    assert result.exit_code == 0, result.output
    assert rates(table, date(2026, 6, 30)) == {}
    assert rates(table, DAY) == {
        "61091000": "16.5 %",
        "610910": "16.5 %",
        "09012100": "0 %",
        "090121": "0 %",
        "17049010": "4.5 %",  # its sister line differs: six digits tell no rate
        "17049035": "5.6 %",
        "21011121": "1.5 USD/kg + 8.5 %",
        "210111": "1.5 USD/kg + 8.5 %",
    }
    left = {(one.code, one.why) for one in read_usitc_hts(HTS, DAY).left_out}
    assert left == {
        ("61091000", "preferential rates are not read"),
        ("61091000", "rates of column 2 are not read"),
        ("61091000", "additional duties of footnotes are not read"),
        ("09012100", "rates of column 2 are not read"),
        ("91021110", "this rate cannot be expressed"),
        ("21011121", "additional duties are not read"),
        ("21011121", "quotas are not read"),
        ("99038815", "chapters 98 and 99 are law of their own"),
        ("Note", "it has no code"),
    }


def test_a_later_revision_follows_an_earlier_table(tmp_path: Path) -> None:
    first, second = tmp_path / "us.tariff.csv", tmp_path / "new.csv"
    run(HTS, "--format", "usitc-hts", "--from", "2026-01-01", "--to", first)
    later = json.loads(HTS.read_text())
    later[1]["general"] = "17%"
    changed = tmp_path / "hts.json"
    changed.write_text(json.dumps(later))
    options = ("--format", "usitc-hts", "--from", "2026-07-01", "--after", first, "--to", second)
    assert run(changed, *options).exit_code == 0
    assert rates(second, date(2026, 6, 30))["61091000"] == "16.5 %"
    assert rates(second, DAY)["61091000"] == "17 %"
    coffee = [row for row in read_tariff(second).rows if row.matched == "09012100"]
    assert [(row.start, row.until) for row in coffee] == [(date(2026, 1, 1), None)]


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(st.lists(st.tuples(st.sampled_from(["6109", "6110"]), days), max_size=4), days, days)
def test_a_table_that_follows_has_the_rates_of_both(
    earlier: list[tuple[str, date]], day: date, asked: date
) -> None:
    before = {code: Rate(code, "", "1 %", start) for code, start in earlier}
    later = [Rate("6109", "", "2 %", date(2026, 1, 1)), Rate("6111", "", "1 %", date(2026, 1, 1))]
    table = followed(before.values(), later, day)
    found = {
        one.code: one.duty
        for one in table
        if one.start <= asked and (one.until is None or asked < one.until)
    }
    expected = {one.code: one.duty for one in before.values() if one.start <= asked}
    assert found == (expected if asked < day else {"6109": "2 %", "6111": "1 %"})


def test_two_rates_of_one_code_on_one_day_are_both_left_out(tmp_path: Path) -> None:
    table, twice = tmp_path / "eu.tariff.csv", tmp_path / "twice.csv"
    line = "6110200000,,,01-01-2020,,,ERGA OMNES,Third country duty,R1,{} %,1011,103\n"
    twice.write_text(TARIC.read_text() + line.format("12.000") + line.format("11.000"))
    result = run(twice, "--format", "taric", "--to", table)
    assert "another rate holds on the same days" in result.stdout
    assert "611020" not in rates(table, DAY)


@pytest.mark.parametrize(
    ("code", "heading"),
    [
        ("6109100000", "610910"),
        ("6109100010", "6109100010"),
        ("6402991000", "64029910"),
        ("4901000000", "4901"),
        ("4900000000", "4900"),
    ],
)
def test_zeros_that_fill_a_code_up_do_not_count(code: str, heading: str) -> None:
    assert heading_of(code) == heading


@pytest.mark.parametrize(
    ("name", "content", "format_", "said"),
    [
        ("a.csv", "Goods code,Duty\n1,2\n", "taric", "there is no column Start date"),
        ("a.csv", "\xff", "taric", "a.csv:"),
        ("a.xlsx", "no workbook", "taric", "is no workbook"),
        ("a.xls", "no workbook", "taric", "is no workbook"),
        ("a.json", "{}", "uk-trade-tariff", "is no answer of the tariff's API"),
        ("a.json", "{}", "usitc-hts", "is no export of the schedule"),
        ("a.json", "[]", "usitc-hts", "there is no rate in it"),
    ],
)
def test_a_file_that_is_no_tariff_is_told(
    tmp_path: Path, name: str, content: str, format_: str, said: str
) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="latin-1")
    result = run(file, "--format", format_, "--from", "2026-07-01", "--to", tmp_path / "x.csv")
    assert isinstance(result.exception, InputFileError)
    assert said in str(result.exception)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("01-01-2020,,,ERGA", "01-13-2020,,,ERGA", "row 2: month must be in 1..12"),
        ("01-01-2020,,,ERGA", ",,,ERGA", "row 2: no start date"),
        ("6109100010", "610x100010", "row 2: '610x100010' is no goods code"),
    ],
)
def test_a_bad_row_of_taric_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(TARIC.read_text().replace(old, new, 1))
    with pytest.raises(InputFileError, match=said):
        read_taric(file)


def test_unusable_calls_are_told(tmp_path: Path) -> None:
    result = run(HTS, "--format", "usitc-hts", "--to", tmp_path / "x.csv")
    assert "--from must be given" in result.stderr
    nowhere = tmp_path / "missing" / "x.csv"
    result = run(TARIC, "--format", "taric", "--to", nowhere)
    assert "cannot be written" in str(result.exception)


def test_a_bad_code_of_the_uk_service_is_told(tmp_path: Path) -> None:
    file = tmp_path / "gb.json"
    file.write_text(GB.read_text().replace('"9102110000"', '"watch"'))
    with pytest.raises(InputFileError, match="'watch' is no commodity code"):
        read_uk_trade_tariff(file)


def test_a_whole_tariff_costs_a_law_nothing_until_its_codes_are_asked_for(tmp_path: Path) -> None:
    """Each law of a day, and each situation, would otherwise copy twenty thousand rows."""
    rates = [Rate(f"{number:010d}", "", "5 %", DAY) for number in range(100_000, 120_000)]
    path = tmp_path / "whole.csv"
    path.write_text(as_csv(rates))
    table = read_tariff(path)
    began_s = time.process_time()
    on_days = [table.on(date(2026, 7, 1 + number)) for number in range(30)]
    assert time.process_time() - began_s < 0.01
    assert all(rates.rate("0000100000") for rates in on_days)
