"""Dates by which operators pay what their accounts secured: dated data, by jurisdiction."""

from calendar import monthrange
from datetime import date, timedelta
from functools import cache
from typing import Annotated

from msgspec import Meta, Struct, field

from pipeline.model.revenue import ChargeKind, LawStatus
from pipeline.rulebook.files import RULEBOOK_FOLDER, fault_at, read_yaml
from pipeline.rulebook.law_files import Confidence

PATH = RULEBOOK_FOLDER / "collection" / "payment_dates.yaml"


class PaymentDate(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule for months that begin in [from, until)."""

    id: str
    jurisdiction: str
    kinds: list[ChargeKind]
    day_of_next_month: Annotated[int, Meta(ge=1, le=31)]
    """31: the last one, whichever that is."""
    start: date = field(name="from")
    until: date | None = None
    status: LawStatus
    legal_basis: str
    source: str
    confidence: Confidence

    def due_on(self, month: date) -> date:
        """The date for what was secured in a month, given by its first day."""
        following = (month + timedelta(days=31)).replace(day=1)
        last = monthrange(following.year, following.month)[1]
        return following.replace(day=min(self.day_of_next_month, last))


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    dates: list[PaymentDate]


@cache
def payment_dates() -> list[PaymentDate]:
    """All rules.

    Raises:
        RuleBookError: the file breaks the format, or two rules hold at once; names the line.
    """
    found = read_yaml(PATH, _File).dates
    for index, rule in enumerate(found):
        if any(_together(rule, other) for other in found[:index]):
            raise fault_at(PATH, ["dates", index], f"{rule.id} holds together with another rule")
    return found


def payment_date(jurisdiction: str, kind: ChargeKind, month: date) -> PaymentDate | None:
    """The rule for a kind of charge secured in a month; None if none is known."""
    for rule in payment_dates():
        begun = rule.start <= month and (rule.until is None or month < rule.until)
        if begun and rule.jurisdiction == jurisdiction and kind in rule.kinds:
            return rule
    return None


def _together(one: PaymentDate, other: PaymentDate) -> bool:
    overlap = (one.until is None or other.start < one.until) and (
        other.until is None or one.start < other.until
    )
    same = one.jurisdiction == other.jurisdiction and set(one.kinds) & set(other.kinds)
    return bool(overlap and same)
