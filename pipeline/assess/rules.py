"""The risk rules' limits, points and lists: YAML files in `rulebook/risk/`."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any, Literal

from msgspec import Struct

from pipeline.errors import RuleBookError
from pipeline.model import RuleHit
from pipeline.rulebook.description_words import DescriptionWords
from pipeline.rulebook.files import read_yaml, yaml_files

SUBJECT = "risk"


class RiskRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One risk indicator: its title, limits and points, with examples.

    Examples are changes to an ordinary parcel: JSON pointer to new value.
    """

    id: str
    version: str
    title: str
    points: int
    basis: str
    status: Literal["professional", "law", "demonstration"]
    mandatory: bool = False
    limits: dict[str, str | int] = {}
    accepted: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []

    def hit(self, observed: object, limit: object, pointer: str = "") -> RuleHit:
        """This rule fired."""
        return RuleHit(
            self.id,
            self.version,
            self.title,
            str(observed),
            str(limit),
            self.points,
            self.mandatory,
            pointer,
        )


class ReferencePrice(Struct, frozen=True, forbid_unknown_fields=True):
    """Ordinary value of goods per kilogram, by chapter or subheading."""

    code: str
    eur_per_kg: str
    goods: str


class ReferencePrices(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A dated table of reference prices."""

    version: str
    basis: str
    status: Literal["demonstration"]
    prices: list[ReferencePrice]


class RestrictedGoods(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Goods of one kind that are prohibited or need a licence."""

    kind: str
    commodity_codes: list[str] = []
    phrases: list[str] = []
    unless: list[str] = []


class RestrictedList(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A dated list of prohibited and restricted goods."""

    version: str
    basis: str
    status: Literal["demonstration"]
    goods: list[RestrictedGoods]


class RiskRules(Struct, frozen=True):
    """Everything the indicators need, and its version."""

    by_id: Mapping[str, RiskRule]
    prices: ReferencePrices
    restricted: RestrictedList
    words: DescriptionWords
    version: str


@cache
def load_risk_rules() -> RiskRules:
    """Read all rules and lists.

    Raises:
        RuleBookError: a file breaks the format, or an id stands twice.
    """
    digest = sha256()
    rules: dict[str, RiskRule] = {}
    lists: dict[str, Any] = {}
    types: dict[str, type[Struct]] = {
        "reference_prices.yaml": ReferencePrices,
        "restricted_goods.yaml": RestrictedList,
        "description_words.yaml": DescriptionWords,
    }
    for path in yaml_files(SUBJECT):
        digest.update(path.read_bytes())
        if path.name in types:
            lists[path.name] = read_yaml(path, types[path.name])
            continue
        for rule in read_yaml(path, list[RiskRule]):
            if rule.id in rules:
                raise RuleBookError(f"{path}: the rule {rule.id} stands twice")
            rules[rule.id] = rule
    return RiskRules(
        rules,
        lists["reference_prices.yaml"],
        lists["restricted_goods.yaml"],
        lists["description_words.yaml"],
        f"risk-{digest.hexdigest()[:12]}",
    )
