"""The bench measures what it says."""

import pytest

from pipeline.rulebook.book import load_rule_book
from tests.revenue import bench


def test_it_measures_every_jurisdiction(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "PARCELS", 1)
    bench.main()
    printed = capsys.readouterr().out
    assert "EU H7 with IOSS" in printed
    assert all(f"{name}, two items" in printed for name in load_rule_book().sources)


def test_a_parcel_is_assessed_in_microseconds() -> None:
    """Ten times the bar, for machines that are busy: seconds would be a defect."""
    ioss = bench.two_items("DE", "EUR", 30, vendor_scheme_id="IM3720000224")
    assert bench.measure("EU H7 with IOSS", "DE", ioss).cpu_us < 80
