"""What starts, ends and changes in the law between two days, as far as is known today."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from pipeline.model.revenue import LawStatus
from pipeline.rulebook.book import RuleBook
from pipeline.rulebook.law_files import ChargeEntry, ParameterEntry, RuleEntry, ValueEntry
from pipeline.rulebook.tariff import TariffRate

NOT_KNOWN = "not known"
NOT_IN_FORCE = "not in force"


class Change(Struct, frozen=True, kw_only=True):
    """One change of law on a day; the day is the first on which what comes `after` holds."""

    day: date
    jurisdiction: str
    id: str
    title: str
    subject: Literal["parameter", "rule", "tariff rate"]
    before: str
    after: str
    status: LawStatus
    known: date | None = None
    note: str = ""


def changes(
    book: RuleBook, first: date = date.min, last: date = date.max, jurisdiction: str = ""
) -> list[Change]:
    """All changes from `first` to `last`, both included, by day; by default all of everywhere."""
    found: list[Change] = []
    for name, source in book.sources.items():
        if jurisdiction not in {"", name}:
            continue
        found += [one for each in source.parameters for one in _of_parameter(name, each)]
        found += [one for each in source.charges for one in _of_charge(name, each)]
    for table, tariff in book.tables.items():
        name = table.split(".")[0].upper()
        if jurisdiction in {"", name}:
            found += _of_tariff(name, table, tariff.rows)
    within = [one for one in found if first <= one.day <= last]
    return sorted(within, key=lambda one: (one.day, one.jurisdiction, one.id))


def _of_parameter(jurisdiction: str, parameter: ParameterEntry) -> Iterator[Change]:
    known = [entry for entry in parameter.values if entry.withdrawn is None]
    before: ValueEntry | None = None
    for entry in known:
        if before is None or (before.value, before.status) != (entry.value, entry.status):
            yield Change(
                day=entry.start,
                jurisdiction=jurisdiction,
                id=parameter.id,
                title=parameter.title,
                subject="parameter",
                before=_text(before, parameter.unit),
                after=_text(entry, parameter.unit),
                status=entry.status,
                known=entry.known,
                note=entry.note,
            )
        before = entry
    if before is not None and before.until is not None:
        yield Change(
            day=before.until,
            jurisdiction=jurisdiction,
            id=parameter.id,
            title=parameter.title,
            subject="parameter",
            before=_text(before, parameter.unit),
            after=NOT_KNOWN,
            status=LawStatus.UNVERIFIED,
            known=before.known,
        )


def _text(entry: ValueEntry | None, unit: str) -> str:
    if entry is None:
        return NOT_KNOWN
    if entry.value is None:
        return NOT_KNOWN if entry.status is LawStatus.UNVERIFIED else NOT_IN_FORCE
    return f"{entry.value} {unit}"


def _of_charge(jurisdiction: str, charge: ChargeEntry) -> Iterator[Change]:
    for rule in charge.rules:
        if rule.withdrawn is None:
            yield _of_rule(jurisdiction, rule, rule.start, begins=True)
            if rule.until is not None:
                yield _of_rule(jurisdiction, rule, rule.until, begins=False)


def _of_rule(jurisdiction: str, rule: RuleEntry, day: date, *, begins: bool) -> Change:
    return Change(
        day=day,
        jurisdiction=jurisdiction,
        id=rule.id,
        title=rule.title,
        subject="rule",
        before=NOT_IN_FORCE if begins else "in force",
        after="in force" if begins else NOT_IN_FORCE,
        status=rule.status,
        known=rule.known,
        note=rule.note,
    )


def _of_tariff(jurisdiction: str, table: str, rows: Sequence[TariffRate]) -> Iterator[Change]:
    for row in rows:
        same = [one for one in rows if one.matched == row.matched]
        before = next((one.rate.text for one in same if one.until == row.start), NOT_KNOWN)
        yield _of_rate(jurisdiction, table, row, row.start, before, row.rate.text)
        followed = any(one.start == row.until for one in same)
        if row.until is not None and not followed:
            yield _of_rate(jurisdiction, table, row, row.until, row.rate.text, NOT_KNOWN)


def _of_rate(
    jurisdiction: str, table: str, row: TariffRate, day: date, before: str, after: str
) -> Change:
    return Change(
        day=day,
        jurisdiction=jurisdiction,
        id=f"{table}.{row.matched}",
        title=row.goods,
        subject="tariff rate",
        before=before,
        after=after,
        status=row.status,
    )
