"""From which legal date on two rule books decide differently."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from pipeline.rulebook.book import RuleBook, charges_on, value_on
from pipeline.rulebook.customs_rates import CustomsRate, CustomsRates
from pipeline.rulebook.law_files import ChargeEntry, ParameterEntry
from pipeline.rulebook.periods import Dated
from pipeline.rulebook.tariff import TariffRate


def first_difference(before: RuleBook, after: RuleBook) -> date | None:
    """The first legal date on which anything differs; None if nothing does on any.

    What is said of all dates, such as the zones of a jurisdiction, differs since the first of all.
    """
    days = (day for day in _differences(before, after) if day is not None)
    return min(days, default=None)


def _differences(before: RuleBook, after: RuleBook) -> Iterator[date | None]:
    if {n: s.entry for n, s in before.sources.items()} != {
        n: s.entry for n, s in after.sources.items()
    }:
        yield date.min
    parameters = [
        {one.id: one for source in book.sources.values() for one in source.parameters}
        for book in (before, after)
    ]
    for name in {**parameters[0], **parameters[1]}:
        yield _of_parameter(*(found.get(name) for found in parameters))
    for name in {*before.rates, *after.rates}:
        yield _of_rates(*(book.rates.get(name) for book in (before, after)))
    for name in before.sources.keys() & after.sources.keys():
        yield _of_charges(before.sources[name].charges, after.sources[name].charges)
    for name in {*before.tables, *after.tables}:
        yield _of_tables(
            *(book.tables[name].rows if name in book.tables else [] for book in (before, after))
        )


def _of_parameter(before: ParameterEntry | None, after: ParameterEntry | None) -> date | None:
    if before == after:
        return None
    entries = [entry for one in (before, after) if one for entry in one.values]
    for day in _days(entries):
        found = [value_on(one, day, None) if one else None for one in (before, after)]
        if found[0] != found[1]:
            return day
    return None


def _of_charges(before: Sequence[ChargeEntry], after: Sequence[ChargeEntry]) -> date | None:
    if before == after:
        return None
    rules = [rule for charge in (*before, *after) for rule in charge.rules]
    for day in _days(rules):
        if _bare(before, day) != _bare(after, day):
            return day
    return None


def _bare(charges: Sequence[ChargeEntry], day: date) -> list[Any]:
    """The charges of a day without what tells only of other days."""
    return [
        replace(
            charge,
            rules=[
                replace(rule, until=None, known=date.min, withdrawn=None, note="")
                for rule in charge.rules
            ],
        )
        for charge in charges_on(charges, day, None)
    ]


def _of_tables(before: Sequence[TariffRate], after: Sequence[TariffRate]) -> date | None:
    kept = set(before) & set(after)
    rows = [[row for row in rows if row not in kept] for rows in (before, after)]
    days = {day for row in (*rows[0], *rows[1]) for day in (row.start, row.until) if day}
    for day in sorted(days):
        if _rates_on(rows[0], day) != _rates_on(rows[1], day):
            return day
    return None


def _rates_on(rows: Iterable[TariffRate], day: date) -> set[Hashable]:
    return {
        row._replace(until=None)
        for row in rows
        if row.start <= day and (row.until is None or day < row.until)
    }


def _of_rates(before: CustomsRates | None, after: CustomsRates | None) -> date | None:
    """The first day of a rate that is in one of them only; what stood in until then goes on."""
    found = [
        {(currency, rate) for currency, rates in one.rates.items() for rate in rates}
        if one
        else set[tuple[str, CustomsRate]]()
        for one in (before, after)
    ]
    return min((rate.start for _, rate in found[0] ^ found[1]), default=None)


def _days(entries: Iterable[Dated]) -> list[date]:
    found = {date.min}
    for entry in entries:
        found |= {entry.start, *([entry.until] if entry.until else [])}
    return sorted(found)
