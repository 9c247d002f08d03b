"""Consolidated declarations that jurisdictions ask for, of which parcels, by when: dated data."""

from datetime import date
from functools import cache

from msgspec import Struct

from pipeline.model.decision import IrgCategory
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml
from pipeline.rulebook.monthly import MonthlyRule, without_overlaps

PATH = RULEBOOK_FOLDER / "collection" / "declaration_forms.yaml"


class DeclarationForm(MonthlyRule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A declaration for the parcels of some categories that were released in a month."""

    title: str
    categories: list[IrgCategory]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    forms: list[DeclarationForm]


@cache
def declaration_forms() -> list[DeclarationForm]:
    """All forms.

    Raises:
        RuleBookError: the file breaks the format, or two forms take the same parcels; names the
            line.
    """
    return without_overlaps(
        read_yaml(PATH, _File).forms,
        PATH,
        "forms",
        lambda one, two: set(one.categories) & set(two.categories),
    )


def form_with_id(form_id: str) -> DeclarationForm | None:
    """A form by its id; None if there is none of it."""
    return next((form for form in declaration_forms() if form.id == form_id), None)


def declaration_form(
    jurisdiction: str, category: IrgCategory, month: date
) -> DeclarationForm | None:
    """The form for parcels of a category released in a month; None if none is known."""
    for form in declaration_forms():
        takes_it = form.jurisdiction == jurisdiction and category in form.categories
        if takes_it and form.holds_in(month):
            return form
    return None
