"""What a snapshot of an official tariff holds: rates that can be used, and what is left out."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from pipeline.model.revenue import LawStatus
from pipeline.rulebook.tariff import CODE_LENGTHS, SUBHEADING_LENGTH

UNSAID = "this rate cannot be expressed"
HEAD = ("code", "goods", "duty", "status", "from", "until")


class Rate(NamedTuple):
    """A rate of duty on goods of every origin, in a period [start, until)."""

    code: str
    goods: str
    duty: str
    start: date
    until: date | None = None


class LeftOut(NamedTuple):
    """Something of the snapshot that the tables of the rule book cannot say.

    `is_rate`: the code has no rate now, though the tariff has one.
    """

    code: str
    measure: str
    why: str
    is_rate: bool = False


class Snapshot(NamedTuple):
    """A tariff as one file, or several, hold it."""

    rates: list[Rate]
    left_out: list[LeftOut]


def heading_of(code: str) -> str:
    """A code without the zeros that only fill it up: 6109100000 is 610910, 4901000000 is 4901.

    Rates of a code hold for all goods that begin with what remains.
    """
    lengths = (length for length in reversed(CODE_LENGTHS) if length >= len("0000"))
    return next((code[:one] for one in lengths if not code[one:].strip("0")), code)


def without_doubles(snapshot: Snapshot) -> Snapshot:
    """A snapshot in which no code has two rates on one day: both are left out then."""
    by_code: defaultdict[str, list[Rate]] = defaultdict(list)
    for rate in dict.fromkeys(snapshot.rates):
        by_code[rate.code].append(rate)
    rates: list[Rate] = []
    left_out = list(snapshot.left_out)
    for code, found in by_code.items():
        for rate in found:
            others = [one for one in found if one is not rate and _overlap(one, rate)]
            if others:
                left_out.append(
                    LeftOut(code, rate.duty, "another rate holds on the same days", True)
                )
            else:
                rates.append(rate)
    return Snapshot(sorted(rates), left_out)


def _overlap(one: Rate, other: Rate) -> bool:
    return (one.until is None or other.start < one.until) and (
        other.until is None or one.start < other.until
    )


def with_subheadings(snapshot: Snapshot) -> list[Rate]:
    """Its rates, and one for each subheading whose lines all have the same; of a whole tariff.

    Many parcels name six digits alone. Where the lines of a subheading differ, six digits do not
    tell the rate, and there is none.
    """
    rates = snapshot.rates
    known = {rate.code for rate in rates}
    known |= {one.code[:SUBHEADING_LENGTH] for one in snapshot.left_out if one.is_rate}
    lines: defaultdict[str, list[Rate]] = defaultdict(list)
    for rate in rates:
        if len(rate.code) > SUBHEADING_LENGTH and rate.code[:SUBHEADING_LENGTH] not in known:
            lines[rate.code[:SUBHEADING_LENGTH]].append(rate)
    found = [
        Rate(code, "all lines alike", each[0].duty, max(one.start for one in each))
        for code, each in lines.items()
        if len({one.duty for one in each}) == 1 and all(one.until is None for one in each)
    ]
    return sorted([*rates, *found])


def followed(earlier: Iterable[Rate], later: Iterable[Rate], day: date) -> list[Rate]:
    """An earlier snapshot up to a day, and a later one from then on; equal rates run on."""
    before = [rate for rate in earlier if rate.start < day]
    open_then = {rate.code: rate for rate in before if rate.until is None or rate.until >= day}
    kept: dict[tuple[str, date], Rate] = {
        (rate.code, rate.start): _ended(rate, day) for rate in before
    }
    for rate in later:
        if rate.until is not None and rate.until <= day:
            continue
        begin = max(rate.start, day)
        old = open_then.get(rate.code)
        if old and old.duty == rate.duty and begin == day:
            kept[old.code, old.start] = old._replace(until=rate.until)
        else:
            kept[rate.code, begin] = rate._replace(start=begin)
    return sorted(kept.values())


def _ended(rate: Rate, day: date) -> Rate:
    return rate if rate.until is not None and rate.until <= day else rate._replace(until=day)


def as_csv(rates: Iterable[Rate]) -> str:
    """A table as the rule book reads it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for rate in rates:
        until = rate.until.isoformat() if rate.until else ""
        start = rate.start.isoformat()
        writer.writerow([rate.code, rate.goods, rate.duty, LawStatus.ENACTED.value, start, until])
    return text.getvalue()
