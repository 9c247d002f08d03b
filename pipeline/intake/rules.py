"""The data rules' texts, severities and examples: YAML files in `rulebook/data_quality/`."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from msgspec import Struct

from pipeline.errors import RuleBookError
from pipeline.model import Severity
from pipeline.rulebook.files import read_yaml, yaml_files

SUBJECT = "data_quality"


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


class VagueTerms(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Terms that describe no goods when they stand alone."""

    version: str
    basis: str
    source: str
    terms: list[str]


class DataRules(Struct, frozen=True):
    """All data rules, by id, and their version."""

    by_id: Mapping[str, DataRule]
    vague_terms: frozenset[str]
    version: str


@cache
def load_data_rules() -> DataRules:
    """Read all rules.

    Raises:
        RuleBookError: a file breaks the format, or an id stands twice.
    """
    digest = sha256()
    rules: dict[str, DataRule] = {}
    vague: frozenset[str] = frozenset()
    for path in yaml_files(SUBJECT):
        digest.update(path.read_bytes())
        if path.name == "vague_terms.yaml":
            vague = frozenset(read_yaml(path, VagueTerms).terms)
            continue
        for rule in read_yaml(path, list[DataRule]):
            if rule.id in rules:
                raise RuleBookError(f"{path}: the rule {rule.id} stands twice")
            rules[rule.id] = rule
    return DataRules(rules, vague, f"data-{digest.hexdigest()[:12]}")
