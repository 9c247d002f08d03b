"""Dates by which operators pay what their accounts secured: dated data, by jurisdiction."""

from datetime import date
from functools import cache

from msgspec import Struct

from pipeline.model.revenue import ChargeKind
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml
from pipeline.rulebook.monthly import MonthlyRule, without_overlaps

PATH = RULEBOOK_FOLDER / "collection" / "payment_dates.yaml"


class PaymentDate(MonthlyRule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """By when charges of some kinds, secured in a month, must be paid."""

    kinds: list[ChargeKind]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    dates: list[PaymentDate]


@cache
def payment_dates() -> list[PaymentDate]:
    """All rules.

    Raises:
        RuleBookError: the file breaks the format, or two rules hold at once; names the line.
    """
    found = read_yaml(PATH, _File).dates
    return without_overlaps(found, PATH, "dates", lambda one, two: set(one.kinds) & set(two.kinds))


def payment_date(jurisdiction: str, kind: ChargeKind, month: date) -> PaymentDate | None:
    """The rule for a kind of charge secured in a month; None if none is known."""
    for rule in payment_dates():
        if rule.holds_in(month) and rule.jurisdiction == jurisdiction and kind in rule.kinds:
            return rule
    return None
