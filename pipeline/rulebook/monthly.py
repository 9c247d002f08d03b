"""Rules about what is due after each calendar month: dated data, by jurisdiction."""

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

from msgspec import Meta, Struct, field

from pipeline.model.revenue import LawStatus
from pipeline.rulebook.files import fault_at
from pipeline.rulebook.law_files import Confidence


class MonthlyRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule for months that begin in [from, until)."""

    id: str
    jurisdiction: str
    day_of_next_month: Annotated[int, Meta(ge=1, le=31)]
    """31: the last one, whichever that is."""
    start: date = field(name="from")
    until: date | None = None
    status: LawStatus
    legal_basis: str
    source: str
    confidence: Confidence

    def holds_in(self, month: date) -> bool:
        """Whether it is in force in a month, given by its first day."""
        return self.start <= month and (self.until is None or month < self.until)

    def due_on(self, month: date) -> date:
        """The date for a month, given by its first day."""
        following = month_after(month)
        last = monthrange(following.year, following.month)[1]
        return following.replace(day=min(self.day_of_next_month, last))


Rule = TypeVar("Rule", bound=MonthlyRule)


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def without_overlaps(
    rules: list[Rule], path: Path, name: str, alike: Callable[[Rule, Rule], object]
) -> list[Rule]:
    """The rules, if no two of a jurisdiction that are `alike` hold at once.

    Raises:
        RuleBookError: two do; names the line.
    """
    for index, rule in enumerate(rules):
        if any(_at_once(rule, other) and alike(rule, other) for other in _before(rules, index)):
            raise fault_at(path, [name, index], f"{rule.id} holds together with another rule")
    return rules


def _before(rules: Sequence[Rule], index: int) -> Sequence[Rule]:
    return [other for other in rules[:index] if other.jurisdiction == rules[index].jurisdiction]


def _at_once(one: MonthlyRule, other: MonthlyRule) -> bool:
    return (one.until is None or other.start < one.until) and (
        other.until is None or one.start < other.until
    )
