"""Tables of duty rates by tariff code, dated.

Those that ship are demonstrations of goods that e-commerce parcels often hold; `greenlane law
tariff import` makes tables of official tariffs.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import RuleBookError
from pipeline.model.revenue import LawStatus
from pipeline.rulebook.duty_rate import DutyRate, parse_duty_rate

CODE_LENGTHS = (10, 8, 6, 4, 2)
SUBHEADING_LENGTH, CHAPTER_LENGTH = 6, 2


class TariffRate(NamedTuple):
    """The rate of a code in a period."""

    matched: str  # the code of the row: a chapter is a fallback
    goods: str
    rate: DutyRate
    status: LawStatus
    start: date
    until: date | None

    @property
    def is_sure(self) -> bool:
        """Whether the rate is verified, and not only one for a chapter."""
        return self.status is not LawStatus.UNVERIFIED and len(self.matched) > CHAPTER_LENGTH


class Rates:
    """The rates of a table on one day. Cheap to make, however long the table is."""

    def __init__(self, by_code: Mapping[str, Sequence[TariffRate]], day: date) -> None:
        self._by_code, self._day = by_code, day

    def rate(self, commodity_code: str) -> TariffRate | None:
        """The rate of the longest beginning of a code that has one; None if none has."""
        for length in CODE_LENGTHS:
            if len(commodity_code) >= length:
                for row in self._by_code.get(commodity_code[:length], ()):
                    if row.start <= self._day and (row.until is None or self._day < row.until):
                        return row
        return None


class TariffTable:
    """A table of rates of all times."""

    def __init__(self, rows: list[TariffRate]) -> None:
        self.rows = rows
        self._by_code: defaultdict[str, list[TariffRate]] = defaultdict(list)
        for row in rows:
            self._by_code[row.matched].append(row)

    def on(self, day: date) -> Rates:
        """The rates in force on a day."""
        return Rates(self._by_code, day)

    def with_rates(self, rates: Mapping[str, str]) -> "TariffTable":
        """The table with other rates for some codes, of all times and taken as sure."""
        kept = [row for row in self.rows if row.matched not in rates]
        others = [
            TariffRate(code, "", parse_duty_rate(text), LawStatus.ENACTED, date.min, None)
            for code, text in rates.items()
        ]
        return TariffTable(kept + others)


def read_tariff(path: Path) -> TariffTable:
    """Read a table: columns code, goods, duty, status, from, until.

    Raises:
        RuleBookError: the file or a row cannot be read, or rows overlap; names the line.
    """
    rows: list[TariffRate] = []
    by_code: defaultdict[str, list[TariffRate]] = defaultdict(list)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            for number, cells in enumerate(csv.DictReader(stream), start=2):
                try:
                    row = _row(cells)
                    _check_overlap(row, by_code[row.matched])
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise RuleBookError(f"{path}, line {number}: {error}") from error
                rows.append(row)
    except (OSError, UnicodeDecodeError) as error:
        raise RuleBookError(f"{path}: {error}") from error
    return TariffTable(rows)


def _row(cells: Mapping[str, str]) -> TariffRate:
    code = cells["code"]
    if len(code) not in CODE_LENGTHS or not (code.isascii() and code.isdigit()):
        raise ValueError(f"{code!r} is neither a chapter nor a heading nor a longer code")
    return TariffRate(
        code,
        cells["goods"],
        parse_duty_rate(cells["duty"]),
        LawStatus(cells["status"]),
        date.fromisoformat(cells["from"]),
        date.fromisoformat(cells["until"]) if cells["until"] else None,
    )


def _check_overlap(row: TariffRate, earlier: list[TariffRate]) -> None:
    if row.until is not None and row.until <= row.start:
        raise ValueError(f"code {row.matched}: the period from {row.start} ends before it begins")
    for other in earlier:
        begins_before = other.until is None or row.start < other.until
        if begins_before and (row.until is None or other.start < row.until):
            raise ValueError(f"code {row.matched} has two rates from {max(row.start, other.start)}")
    earlier.append(row)
