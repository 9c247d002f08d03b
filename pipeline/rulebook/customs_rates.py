"""Rates of exchange that a customs authority publishes: `law/exchange/GB.csv` and the like.

Columns: `currency`, `foreign_units`, `own_units`, `from`, `until`: so many units of the currency
are worth so many of the jurisdiction's own from a day (inclusive) until another (exclusive).
"""

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import RuleBookError
from pipeline.reference.exchange import Conversion

FOLDER = "exchange"
FIRST_COLUMN = "currency"
ONE = Decimal(1)


class CustomsRate(NamedTuple):
    """One currency in one period: `units` of it make one unit of the jurisdiction's own."""

    start: date
    until: date
    units: Decimal


class CustomsRates:
    """All published rates of one jurisdiction."""

    def __init__(self, own_currency: str, rates: Mapping[str, Sequence[CustomsRate]]) -> None:
        self.own_currency = own_currency
        self.rates = rates

    def conversion(self, source: str, target: str, day: date, name: str) -> Conversion | None:
        """The conversion on a day by way of the own currency; None if one has no rate by then.

        A rate whose period is over stands in for the next one, is not sure, and the text says so.
        `name` is how the law calls these rates.
        """
        found = [self._rate(currency, day) for currency in (source, target)]
        if found[0] is None or found[1] is None:
            return None
        rate = found[0].units / found[1].units
        used = max(found[0], found[1]) if target != self.own_currency else found[0]
        over = min(one.until for one in found if one is not None) <= day
        stale = f", standing in for {day}" if over else ""
        text = f"{rate.normalize():f} {source} for 1 {target} ({name}, from {used.start}{stale})"
        return Conversion(rate, text, sure=not over)

    def _rate(self, currency: str, day: date) -> CustomsRate | None:
        if currency == self.own_currency:
            return CustomsRate(date.min, date.max, ONE)
        rates = self.rates.get(currency, ())
        place = bisect_right(rates, day, key=lambda rate: rate.start)
        return rates[place - 1] if place else None


def read_customs_rates(path: Path, own_currency: str) -> CustomsRates:
    """Read a file of rates.

    Raises:
        RuleBookError: the file or a row cannot be read, or two rates of a currency overlap; names
            the line.
    """
    rates: defaultdict[str, list[CustomsRate]] = defaultdict(list)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            for number, cells in enumerate(csv.DictReader(stream), start=2):
                try:
                    currency, rate = _row(cells)
                except (ValueError, KeyError, TypeError, InvalidOperation) as error:
                    raise RuleBookError(f"{path}, line {number}: {error!r}") from error
                rates[currency].append(rate)
    except (OSError, UnicodeDecodeError) as error:
        raise RuleBookError(f"{path}: {error}") from error
    for currency, found in rates.items():
        found.sort()
        for earlier, later in pairwise(found):
            if later.start < earlier.until:
                raise RuleBookError(f"{path}: {currency} has two rates from {later.start}")
    return CustomsRates(own_currency, rates)


def _row(cells: Mapping[str, str]) -> tuple[str, CustomsRate]:
    foreign, own = Decimal(cells["foreign_units"]), Decimal(cells["own_units"])
    if not (foreign.is_finite() and own.is_finite() and foreign > 0 and own > 0):
        raise ValueError("units must be above zero")
    start, until = date.fromisoformat(cells["from"]), date.fromisoformat(cells["until"])
    if until <= start:
        raise ValueError(f"the period from {start} ends before it begins")
    currency = cells[FIRST_COLUMN]
    if len(currency) != len("EUR") or not currency.isupper():
        raise ValueError(f"{currency!r} is no currency")
    return currency, CustomsRate(start, until, foreign / own)
