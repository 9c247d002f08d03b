"""Every risk rule against its own examples."""

from typing import Any

import pytest

from pipeline.assess.rules import load_risk_rules
from tests.assess.examples import assess, changed, fired

RULES = load_risk_rules().by_id
ACCEPTED = [(rule.id, example) for rule in RULES.values() for example in rule.accepted]
REJECTED = [(rule.id, example) for rule in RULES.values() for example in rule.rejected]


def test_the_ordinary_parcel_fires_nothing() -> None:
    assert fired(assess(changed({}))) == set()


@pytest.mark.parametrize(("rule_id", "example"), ACCEPTED)
def test_an_accepted_example_does_not_fire_its_rule(rule_id: str, example: dict[str, Any]) -> None:
    assert rule_id not in fired(assess(changed(example)))


@pytest.mark.parametrize(("rule_id", "example"), REJECTED)
def test_a_rejected_example_fires_its_rule(rule_id: str, example: dict[str, Any]) -> None:
    assert rule_id in fired(assess(changed(example)))


@pytest.mark.parametrize(
    ("description", "found"),
    [
        ("toy gun made of plastic", False),
        ("water gun for children", False),
        ("hot glue gun, 60 W", False),
        ("gunmetal cufflinks", False),
        ("gun holster and gun", True),
        ("two guns", True),
        ("steel switchblade", True),
        ("faux python leather belt", False),
        ("python leather belt", True),
        ("GPS-jammer, portable", True),
        ("burgundy dress", False),
    ],
)
def test_restricted_phrases_are_whole_words_with_exclusions(description: str, found: bool) -> None:
    assessment = assess(changed({"/items/0/description": description}))
    assert ("R05" in fired(assessment)) is found
