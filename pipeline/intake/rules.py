"""The data rules' texts, severities and examples: YAML files in `rulebook/data_quality/`."""

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from pipeline.errors import RuleBookError
from pipeline.model import Severity
from pipeline.rulebook.description_words import DESCRIPTION_WORDS_FILE, DescriptionWords
from pipeline.rulebook.files import read_yaml, yaml_files

SUBJECT = "data_quality"
LISTS_FOLDER = "lists"
LISTS = (
    "brand_names",
    "countries_with_seldom_postcodes",
    "disclaimers",
    "empty_words",
    "forwarders",
    "house_number_countries",
    "placeholder_addresses",
    "placeholder_names",
    "vague_terms",
    "words_for_no_number",
)

Example = dict[str, Any] | list[dict[str, Any]]
"""Changes to an ordinary manifest: JSON pointer to new value; or several messages in turn.

Pointers that do not begin with a field of the manifest begin in its first parcel. `/copies` says
how often the parcel stands in the manifest, each time under an id of its own.
"""
Day = Annotated[str, Meta(pattern=r"^\d{4}(-\d\d(-\d\d)?)?$")]


class DataRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule: what is wrong, where, how to mend it, on what basis, with examples.

    Ids are those of the catalogue, DQ01 to DQ31; where one number stands for several faults, a
    letter follows, and rules from DQ32 on are this project's own.
    """

    id: Annotated[str, Meta(pattern=r"^DQ\d\d[b-z]?$")]
    version: str
    severity: Severity
    fields: Annotated[list[str], Meta(min_length=1)]
    """JSON pointers into manifest or parcel; `*` stands for each place of a list."""
    text: str
    correction: str
    basis: str
    basis_date: Day
    """Of the text that the rule relies on, or of its reading where it bears none."""
    source: str
    missing: str = ""
    """What the rule does not look at, and why."""
    locked: str = ""
    """Why its severity cannot be lowered: later rooms rest on what it checks."""
    form_of: list[str] = []
    """Fields that break this rule, not DQ01, when they do not have the form of the message."""
    limits: Mapping[str, str | int] = {}
    accepted: list[Example]
    rejected: list[Example]


class TermList(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A list that a rule looks things up in."""

    version: str
    basis: str
    source: str
    licence: str
    terms: list[str]


class DataRules(Struct, frozen=True):
    """All data rules by id, the lists they use by name, and the version of all of it."""

    by_id: Mapping[str, DataRule]
    lists: Mapping[str, TermList]
    description_words: DescriptionWords
    version: str

    def terms(self, name: str) -> frozenset[str]:
        """The terms of one of `LISTS`."""
        return frozenset(self.lists[name].terms)

    def limit(self, rule_id: str, name: str) -> str | int:
        """One number a rule compares with."""
        return self.by_id[rule_id].limits[name]

    def by_malformed_field(self) -> dict[str, str]:
        """Which rule is broken by a field that does not have the form of the message."""
        return {field: rule.id for rule in self.by_id.values() for field in rule.form_of}


@cache
def load_data_rules() -> DataRules:
    """All data rules of the rule book."""
    return read_data_rules((*yaml_files(SUBJECT), DESCRIPTION_WORDS_FILE))


def read_data_rules(paths: Iterable[Path]) -> DataRules:
    """Read files of rules, and files of lists, which lie in a folder `lists`.

    Raises:
        RuleBookError: a file breaks the format, an id stands twice, or a list is missing.
    """
    digest = sha256()
    rules: dict[str, DataRule] = {}
    lists: dict[str, TermList] = {}
    words = DescriptionWords(version="", basis="", words={})
    for path in paths:
        digest.update(path.read_bytes())
        if path.parent.name == LISTS_FOLDER:
            lists[path.stem] = read_yaml(path, TermList)
            continue
        if path.name == DESCRIPTION_WORDS_FILE.name:
            words = read_yaml(path, DescriptionWords)
            continue
        for rule in read_yaml(path, list[DataRule]):
            if rule.id in rules:
                raise RuleBookError(f"{path}: the rule {rule.id} stands twice")
            rules[rule.id] = rule
    for name in LISTS:
        if name not in lists:
            raise RuleBookError(f"{SUBJECT}/{LISTS_FOLDER}/{name}.yaml is missing")
    version = f"data-{digest.hexdigest()[:12]}"
    return DataRules(dict(sorted(rules.items())), lists, words, version)
