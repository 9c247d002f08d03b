"""The demonstration tariff: ad valorem duty by HS subheading, with chapters to fall back on.

It covers goods that e-commerce parcels often hold. An installation loads its official tariff.
"""

import csv
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import RuleBookError
from pipeline.model.revenue import LawStatus

CODE_LENGTHS = (2, 6)
RATE_MAX = Decimal(10)


class TariffRate(NamedTuple):
    """Duty on goods, as a share of 1 (0.12 is 12 %)."""

    rate: Decimal
    china_surcharge: Decimal  # Section 301, United States only
    status: LawStatus
    matched: str  # the code that matched: six digits, or the chapter


class Tariff:
    """Rates by jurisdiction and code."""

    def __init__(self, rates: Mapping[tuple[str, str], TariffRate]) -> None:
        self._rates = rates

    def rate(self, jurisdiction: str, commodity_code: str) -> TariffRate | None:
        """The rate of a subheading, else of its chapter; None if neither is known."""
        rates = self._rates
        found = rates.get((jurisdiction, commodity_code[:6]))
        return found or rates.get((jurisdiction, commodity_code[:2]))


def read_tariff(path: Path) -> Tariff:
    """Read the table: columns code, goods, then rate in percent and status by jurisdiction.

    Raises:
        RuleBookError: the file or a row cannot be read; names the line.
    """
    rates: dict[tuple[str, str], TariffRate] = {}
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            for number, row in enumerate(csv.DictReader(stream), start=2):
                try:
                    _read_row(row, rates)
                except (ArithmeticError, ValueError, KeyError, TypeError) as error:
                    raise RuleBookError(f"{path}, line {number}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RuleBookError(f"{path}: {error}") from error
    return Tariff(rates)


def _read_row(row: Mapping[str, str], rates: dict[tuple[str, str], TariffRate]) -> None:
    code = row["code"]
    if len(code) not in CODE_LENGTHS or not (code.isascii() and code.isdigit()):
        raise ValueError(f"{code!r} is neither a chapter nor a subheading")
    if ("EU", code) in rates:
        raise ValueError(f"code {code} stands twice")
    for jurisdiction in ("EU", "GB", "US"):
        name = jurisdiction.lower()
        rates[jurisdiction, code] = TariffRate(
            _share(row[name]),
            _share(row["us_301"]) if jurisdiction == "US" else Decimal(0),
            LawStatus(row[f"{name}_status"]),
            code,
        )


def _share(percentage: str) -> Decimal:
    share = Decimal(percentage) / 100
    if not 0 <= share <= RATE_MAX:
        raise ValueError(f"{percentage} % is not from 0 to {RATE_MAX * 100} %")
    return share
