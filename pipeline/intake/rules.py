"""The data rules' texts, severities and examples: YAML files in `rulebook/data_quality/`."""

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct

from pipeline.errors import RuleBookError
from pipeline.model import Severity
from pipeline.rulebook.files import read_yaml, yaml_files

SUBJECT = "data_quality"
LISTS = ("vague_terms", "placeholder_names", "countries_without_postcodes")


class DataRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule: what is wrong, how to mend it, on what basis, with examples.

    Examples are changes to an ordinary parcel: JSON pointer to new value.
    """

    id: str
    version: str
    severity: Severity
    text: str
    correction: str
    basis: str
    accepted: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []


class TermList(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A list that a rule looks things up in."""

    version: str
    basis: str
    source: str
    terms: list[str]


class DataRules(Struct, frozen=True):
    """All data rules, by id, and their version."""

    by_id: Mapping[str, DataRule]
    vague_terms: frozenset[str]
    """Terms that describe no goods when they stand alone."""
    placeholder_names: frozenset[str]
    """What stands where a party's name should."""
    countries_without_postcodes: frozenset[str]
    version: str


@cache
def load_data_rules() -> DataRules:
    """All data rules of the rule book."""
    return read_data_rules(yaml_files(SUBJECT))


def read_data_rules(paths: Iterable[Path]) -> DataRules:
    """Read files of rules and lists.

    Raises:
        RuleBookError: a file breaks the format, an id stands twice, or a list is missing.
    """
    digest = sha256()
    rules: dict[str, DataRule] = {}
    lists: dict[str, frozenset[str]] = {}
    for path in paths:
        digest.update(path.read_bytes())
        if path.stem in LISTS:
            lists[path.stem] = frozenset(read_yaml(path, TermList).terms)
            continue
        for rule in read_yaml(path, list[DataRule]):
            if rule.id in rules:
                raise RuleBookError(f"{path}: the rule {rule.id} stands twice")
            rules[rule.id] = rule
    for name in LISTS:
        if name not in lists:
            raise RuleBookError(f"{SUBJECT}/{name}.yaml is missing")
    return DataRules(by_id=rules, **lists, version=f"data-{digest.hexdigest()[:12]}")
