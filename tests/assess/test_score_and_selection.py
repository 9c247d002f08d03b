"""Score and selection."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.assess.score import score
from pipeline.assess.select import drawn
from pipeline.model import SelectedBy
from tests.assess.examples import assess, changed, room

points = st.lists(st.integers(min_value=0, max_value=100), max_size=12)


@given(points)
def test_the_score_lies_between_0_and_100(values: list[int]) -> None:
    assert 0 <= score(values) <= 100


@given(points, st.integers(min_value=0, max_value=100))
def test_another_rule_never_lowers_the_score(values: list[int], more: int) -> None:
    assert score([*values, more]) >= score(values)


@given(points)
def test_the_order_of_rules_does_not_matter(values: list[int]) -> None:
    assert score(values) == score(values[::-1])


def test_the_score_of_one_rule_is_its_points_and_two_halves_make_three_quarters() -> None:
    assert score([]) == 0
    assert score([37]) == 37
    assert score([50, 50]) == 75


def test_a_mandatory_rule_selects_whatever_the_score() -> None:
    weapon = changed({"/items/0/description": "pistol barrel, steel"})
    selected = assess(weapon, in_room=room(inspection_score_min=101)).selected_by
    assert selected == [SelectedBy.MANDATORY]


def test_the_score_selects_from_its_limit_on() -> None:
    undervalued = changed({"/items/0/intrinsic_value": "0.80"})  # R01: 70 points
    assert assess(undervalued, in_room=room(inspection_score_min=70)).selected_by == [
        SelectedBy.SCORE
    ]
    assert assess(undervalued, in_room=room(inspection_score_min=71)).selected_by == []


def test_random_selection_takes_its_share_and_is_reproducible() -> None:
    def draw(salt: bytes) -> list[bool]:
        return [
            drawn(salt=salt, case_key=f"C/{n}", legal_date="2026-07-07", per_million=10_000)
            for n in range(50_000)
        ]

    chosen = draw(b"salt")
    assert chosen == draw(b"salt")
    assert 400 <= sum(chosen) <= 600  # 500 expected, 4.5 standard deviations
    assert chosen != draw(b"another salt")


def test_random_selection_is_named_beside_the_other_reasons() -> None:
    everything = room(random_selection_per_million=1_000_000)
    assert assess(changed({}), in_room=everything).selected_by == [SelectedBy.RANDOM]
