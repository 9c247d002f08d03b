"""How two assessments of one parcel differ, charge by charge, each with its grounds."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from pipeline.model import RevenueAssessment

NOTHING = "nothing"


class Difference(Struct, frozen=True):
    """A charge that came out otherwise, or on other grounds."""

    charge: str
    before: str
    after: str


def differences(before: RevenueAssessment, after: RevenueAssessment) -> list[Difference]:
    """The charges that differ, in the order of the later assessment."""
    charges = dict.fromkeys([*_charges(after), *_charges(before)])
    found = [Difference(name, _told(before, name), _told(after, name)) for name in charges]
    return [one for one in found if one.before != one.after]


def _charges(assessment: RevenueAssessment) -> Iterator[str]:
    yield from (line.charge for line in assessment.lines)
    yield from (one.charge for one in assessment.not_charged)


def _told(assessment: RevenueAssessment, charge: str) -> str:
    lines = [line for line in assessment.lines if line.charge == charge]
    parts: list[str] = []
    if lines:
        amount = sum((line.amount for line in lines), Decimal(0))
        grounds = dict.fromkeys(f"{line.rule_id} of {line.rule_version}" for line in lines)
        parts.append(f"{amount} {assessment.currency} ({', '.join(grounds)})")
    parts += [
        f"{one.reason} ({one.rule_id} of {one.rule_version})"
        for one in assessment.not_charged
        if one.charge == charge
    ]
    return "; ".join(dict.fromkeys(parts)) or NOTHING
