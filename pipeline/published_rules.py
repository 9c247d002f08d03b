"""The rule book as the trade reads it: fields, code lists, rules, errors, good descriptions."""

from functools import cache
from pathlib import Path

from msgspec import Struct

from pipeline.contract.fields import Field, message_fields
from pipeline.errors import ERROR_TEXTS
from pipeline.intake.rules import DataRule, TermList, load_data_rules
from pipeline.reference.codes import (
    country_names,
    currency_minor_units,
    hs_subheadings,
    postcode_patterns,
)
from pipeline.reference.exchange import known_currencies
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml

MESSAGE = "Manifest"
EXAMPLES_FILE = RULEBOOK_FOLDER / "description_examples.yaml"


class DescriptionPair(Struct, frozen=True, forbid_unknown_fields=True):
    """A description that is refused or warned of, and one of such goods that is accepted."""

    refused: str
    accepted: str


class DescriptionExamples(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to describe goods."""

    version: str
    basis: str
    source: str
    pattern: str
    pairs: list[DescriptionPair]


class CodeList(Struct, frozen=True):
    """Codes that a field takes."""

    name: str
    fields: list[str]
    source: str
    codes: list[str]


class PublishedRules(Struct, frozen=True):
    """Everything a carrier needs to know of its data."""

    rules_version: str
    fields: list[Field]
    code_lists: list[CodeList]
    rules: list[DataRule]
    term_lists: dict[str, TermList]
    errors: dict[str, str]
    descriptions: DescriptionExamples


@cache
def read_description_examples(path: Path = EXAMPLES_FILE) -> DescriptionExamples:
    """Pairs of bad and good descriptions."""
    return read_yaml(path, DescriptionExamples)


def published_rules() -> PublishedRules:
    """The rule book of this release."""
    rules = load_data_rules()
    return PublishedRules(
        rules.version,
        list(message_fields(MESSAGE)),
        _code_lists(),
        list(rules.by_id.values()),
        dict(rules.lists),
        {code.value: text for code, text in ERROR_TEXTS.items()},
        read_description_examples(),
    )


def _code_lists() -> list[CodeList]:
    currencies = known_currencies() & currency_minor_units().keys()
    return [
        CodeList(
            "countries",
            ["destination_country", "itinerary", "country", "origin_country"],
            "ISO 3166-1 alpha-2, with XI (Northern Ireland) and XK (Kosovo)",
            sorted(country_names()),
        ),
        CodeList(
            "countries with postcodes",
            ["postcode"],
            "address data of Google's libaddressinput, CC BY 4.0",
            sorted(postcode_patterns()),
        ),
        CodeList(
            "currencies",
            ["currency"],
            "ISO 4217, those the European Central Bank quotes; BGN until 2025, HRK until 2022",
            sorted(currencies),
        ),
        CodeList(
            "commodity codes",
            ["commodity_code"],
            "subheadings of the Harmonized System 2022, in force until 2027-12-31",
            sorted(hs_subheadings()),
        ),
    ]
