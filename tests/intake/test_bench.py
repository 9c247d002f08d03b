"""The bench measures what it says."""

import pytest

from pipeline.sandbox.carriers.simulate import simulate
from tests.intake.bench import BARS, MIXES, main, parcels_per_cpu_s
from tests.intake.intake import Intake

PARCELS = 1_500


@pytest.mark.parametrize(("name", "least", "most"), [("clean", 0, 0), (list(MIXES)[1], 0.3, 0.37)])
def test_the_share_of_faulty_parcels_is_as_named(name: str, least: float, most: float) -> None:
    intake = Intake()
    for message in simulate(PARCELS, 1, MIXES[name]):
        intake.publish(message.value, key=message.key)
    rejected = sum(answer.rejected_parcels for answer in intake.acknowledgements)
    assert least <= rejected / PARCELS <= most
    if not rejected:
        assert [fault for answer in intake.acknowledgements for fault in answer.faults] == []


def test_it_prints_a_figure_beside_each_bar(capsys: pytest.CaptureFixture[str]) -> None:
    main(parcels=300)
    assert capsys.readouterr().out.count('"bar"') == len(BARS) == len(MIXES)


def test_more_parcels_do_not_cost_more_each() -> None:
    """Nothing in a message is compared with everything else in it."""
    few = parcels_per_cpu_s(500, MIXES["clean"], rounds=3)
    assert parcels_per_cpu_s(5_000, MIXES["clean"], rounds=3) > few / 3
