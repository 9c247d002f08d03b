"""The metrics and the page that describes them."""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from pipeline.ops.metrics import Description, Metrics
from pipeline.ops.reference import main

DESCRIPTIONS = Metrics(CollectorRegistry()).descriptions
UNITS = ("_seconds", "_bytes", "_total", "_records", "_entries", "_partitions", "_info", "_ratio")


def test_the_page_is_what_the_metrics_say() -> None:
    """A failure here is mended by `make reference`."""
    assert main(["--check"]) == 0


def test_a_page_that_is_out_of_date_is_found_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "metrics.md"
    assert main(["--check"], page) == 1
    assert "make reference" in capsys.readouterr().err
    assert main([], page) == 0
    assert main(["--check"], page) == 0


@pytest.mark.parametrize("found", DESCRIPTIONS, ids=lambda found: found.name)
def test_names_follow_the_conventions(found: Description) -> None:
    """One prefix, lower case, a unit at the end, `_total` on counters and only there."""
    assert re.fullmatch(r"greenlane_[a-z][a-z_]*[a-z]", found.name)
    assert found.name.endswith(UNITS)
    assert (found.type == "counter") == found.name.endswith("_total")
    assert found.meaning.endswith(".")


def test_every_registered_family_is_described() -> None:
    metrics = Metrics(CollectorRegistry())
    families = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in metrics.registry.collect()
        if family.name.startswith("greenlane_") and not family.name.endswith("_created")
    }
    assert families == {found.name for found in metrics.descriptions}


def test_two_sets_of_metrics_live_side_by_side() -> None:
    """Nothing is registered globally."""
    Metrics(CollectorRegistry())
    Metrics(CollectorRegistry())
