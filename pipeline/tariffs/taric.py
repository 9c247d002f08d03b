"""The Union's tariff as the Commission extracts it each month: the workbook "Duties Import 01-99".

Columns by name, in any order: Goods code, Add code, Start date, End date, Measure type, Duty,
Origin code, Meas. type code; others are passed over. The same saved as CSV is read too.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from pipeline.errors import InputFileError
from pipeline.tariffs.duty_texts import european
from pipeline.tariffs.snapshot import UNSAID, LeftOut, Rate, Snapshot, heading_of

THIRD_COUNTRY_DUTY = "103"
ERGA_OMNES = "1011"
CODE_DIGITS = 10
NEEDED = ("Goods code", "Start date", "Duty", "Origin code", "Meas. type code")

Row = Mapping[str, object]


def read_taric(path: Path) -> Snapshot:
    """Read the workbook, or a CSV file of it.

    Raises:
        InputFileError: it cannot be read, lacks a column, or a row has no code or date.
    """
    rates: list[Rate] = []
    left_out: list[LeftOut] = []
    for number, row in enumerate(_rows(path), start=2):
        try:
            _sort(row, rates, left_out)
        except ValueError as error:
            raise InputFileError(f"{path}, row {number}: {error}") from error
    return Snapshot(rates, left_out)


def _sort(row: Row, rates: list[Rate], left_out: list[LeftOut]) -> None:
    code = _text(row, "Goods code").replace(" ", "")[:CODE_DIGITS].zfill(CODE_DIGITS)
    if not (code.isascii() and code.isdigit()):
        raise ValueError(f"{code!r} is no goods code")
    type_, origin = _text(row, "Meas. type code"), _text(row, "Origin code")
    duty_text, extra = _text(row, "Duty"), _text(row, "Add code")
    measure = f"{type_} {_text(row, 'Measure type')}".strip()
    duty = european(duty_text)
    if type_ != THIRD_COUNTRY_DUTY or origin != ERGA_OMNES:
        origin_name = "" if origin == ERGA_OMNES else f" for {origin}"
        left_out.append(
            LeftOut(code, f"{measure}{origin_name}", "only duty on all origins is read")
        )
    elif extra:
        left_out.append(LeftOut(code, measure, "rests on an additional code", True))
    elif duty is None:
        left_out.append(LeftOut(code, f"{measure}: {duty_text}", UNSAID, True))
    else:
        last = _day(row, "End date")
        until = last + timedelta(days=1) if last else None
        start = _day(row, "Start date")
        if start is None:
            raise ValueError("no start date")
        rates.append(Rate(heading_of(code), "", duty, start, until))


def _rows(path: Path) -> Iterator[Row]:
    rows = _of_csv(path) if path.suffix == ".csv" else _of_workbook(path)
    for row in rows:
        missing = [name for name in NEEDED if name not in row]
        if missing:
            raise InputFileError(f"{path}: there is no column {', '.join(missing)}")
        if _text(row, "Goods code"):
            yield row


def _of_csv(path: Path) -> Iterator[Row]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(f"{path}: {error}") from error
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    for row in csv.DictReader(text.splitlines(), delimiter=delimiter):
        yield {(name or "").strip(): value for name, value in row.items()}


def _of_workbook(path: Path) -> Iterator[Row]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (OSError, BadZipFile, KeyError, InvalidFileException) as error:
        raise InputFileError(f"{path} is no workbook: {error}") from error
    cells: Iterable[tuple[object, ...]] = book.worksheets[0].iter_rows(values_only=True)
    rows = iter(cells)
    names = [str(name or "").strip() for name in next(rows, ())]
    for row in rows:
        yield dict(zip(names, row, strict=False))


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _day(row: Row, name: str) -> date | None:
    value = row.get(name)
    if isinstance(value, datetime):
        return value.date()
    text = _text(row, name)
    if not text:
        return None
    if len(text) == len("31-12-2026") and text[2] == text[5] == "-":
        return date(int(text[6:]), int(text[3:5]), int(text[:2]))
    return date.fromisoformat(text[:10])
