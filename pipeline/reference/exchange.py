"""Exchange rates by month: the EU rule for customs values, used for all jurisdictions.

Art. 146 of Implementing Regulation (EU) 2015/2447: the rate of the penultimate Wednesday holds
for the whole next month. Great Britain and the United States publish rates of their own, which
are not shipped here: converting by the ECB's cross rate is an approximation, and the text of a
conversion names it.
"""

import csv
from bisect import bisect_right
from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from pipeline.reference.codes import DATA_FOLDER

EURO = "EUR"
STALE_MONTHS = 2
"""A table that ends longer before the date than this is out of date, and its rates are not sure."""


class Conversion(NamedTuple):
    """How many units of `source` make one unit of `target`, and where that comes from.

    Not `sure`: the publication of a currency ended before the date (as the rouble's in 2022), or
    the table has not been renewed.
    """

    rate: Decimal
    text: str
    sure: bool = True


UNCHANGED = Conversion(Decimal(1), "")
"""From a currency to itself."""


@lru_cache(maxsize=4_096)
def conversion(source: str, target: str, on: date) -> Conversion | None:
    """The conversion that holds on a date; None if a currency is unknown.

    For dates after the last known month, the last known month stands in, and the text says so.
    """
    if source == target:
        return UNCHANGED
    month = on.isoformat()[:7]
    source_rate, target_rate = _units_per_euro(source, month), _units_per_euro(target, month)
    if source_rate is None or target_rate is None:
        return None
    rate = source_rate[1] if target == EURO else source_rate[1] / target_rate[1]
    months = {source_rate[0] if source != EURO else "", target_rate[0] if target != EURO else ""}
    used = min(months - {""})
    stands_in = "" if used == month else f", standing in for {month}"
    cross = "" if target == EURO else ", cross rate by way of the euro"
    return Conversion(
        rate,
        f"{rate.normalize():f} {source} for 1 {target} (ECB {used}{stands_in}{cross})",
        sure=used == month
        or (used == _last_month() and _months_between(used, month) <= STALE_MONTHS),
    )


def _units_per_euro(currency: str, month: str) -> tuple[str, Decimal] | None:
    if currency == EURO:
        return month, Decimal(1)
    rates = _rates().get(currency)
    if not rates:
        return None
    place = bisect_right(rates, (month, Decimal("Infinity")))
    return rates[max(place - 1, 0)]


@cache
def _rates() -> dict[str, list[tuple[str, Decimal]]]:
    rates: defaultdict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    with (DATA_FOLDER / "exchange_rates.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            rates[row["currency"]].append((row["month"], Decimal(row["units_per_eur"])))
    return {currency: sorted(by_month) for currency, by_month in rates.items()}


@cache
def _last_month() -> str:
    return max(by_month[-1][0] for by_month in _rates().values())


def _months_between(earlier: str, later: str) -> int:
    return sum(
        sign * (12 * int(month[:4]) + int(month[5:])) for sign, month in ((-1, earlier), (1, later))
    )


@cache
def known_currencies() -> frozenset[str]:
    """Currencies that can be converted."""
    return frozenset(_rates()) | {EURO}
