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
    """Read the table: columns code, goods, and per jurisdiction rate in percent and status.

    Raises:
        RuleBookError: a row cannot be read; names the line.
    """
    rates: dict[tuple[str, str], TariffRate] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=2):
            try:
                for jurisdiction in ("EU", "GB", "US"):
                    surcharge = row["us_301"] if jurisdiction == "US" else "0"
                    rates[jurisdiction, row["code"]] = TariffRate(
                        Decimal(row[jurisdiction.lower()]) / 100,
                        Decimal(surcharge) / 100,
                        LawStatus(row["status"]),
                        row["code"],
                    )
            except (ArithmeticError, ValueError, KeyError, TypeError) as error:
                raise RuleBookError(f"{path}, line {number}: {error!r}") from error
    return Tariff(rates)
