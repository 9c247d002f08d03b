"""`greenlane explain`: one parcel's charges, from manifests or from decisions."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import InputFileError
from tests.builders import goods_item, manifest, parcel

PARCEL = "LX123456785CN"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["explain", *arguments], env={"COLUMNS": "140"})


@pytest.fixture
def manifests(tmp_path: Path) -> str:
    """One manifest of a parcel of EUR 100, after one message that cannot be read."""
    path = tmp_path / "manifests.jsonl"
    declared = parcel(transport_cost=Decimal(0), items=[goods_item(intrinsic_value=Decimal(100))])
    sent = manifest(parcels=[declared], estimated_arrival_at=datetime(2026, 7, 10, 8, tzinfo=UTC))
    path.write_bytes(b'{"carrier": 7}\n' + msgspec.json.encode(sent) + b"\n")
    return str(path)


def test_each_amount_has_formula_rule_version_and_legal_basis(manifests: str) -> None:
    told = run(manifests, "--parcel", PARCEL).stdout
    assert "law of 2026-07-10" in told
    assert "3.00 EUR per item = 3.00" in told
    assert "eu.duty.low_value_per_item of 2026-07-01" in told
    assert "Council Regulation (EU) 2026/382" in told
    assert "(goods 100.00 + duty 3.00) x 19 % = 19.57" in told
    assert "22.57" in told


def test_an_old_decision_comes_out_as_it_was_and_the_difference_is_told(manifests: str) -> None:
    """Before 18 February 2026 the relief of EUR 150 had no end."""
    told = run(manifests, "--parcel", PARCEL, "--known-on", "2026-02-17").stdout
    assert "as known on 2026-02-17" in told
    assert "relieved: Relief of low-value consignments" in told
    assert (
        "by today's knowledge duty differs: relieved (eu.duty.low_value_relief of 2008-12-01), "
        "now 3.00 EUR (eu.duty.low_value_per_item of 2026-07-01)"
    ) in told


def test_for_machines(manifests: str) -> None:
    told = json.loads(run(manifests, "--parcel", PARCEL, "--json").stdout)
    assert told["revenue"]["total_due"] == "22.57"
    assert "differs_from_today" not in told
    known = ("--known-on", "2026-02-17", "--json")
    before = json.loads(run(manifests, "--parcel", PARCEL, *known).stdout)
    assert [one["charge"] for one in before["differs_from_today"]] == ["duty", "vat"]


def test_of_decisions_the_last_on_the_parcel_is_told(manifests: str, tmp_path: Path) -> None:
    decided = CliRunner().invoke(app, ["decide", manifests])
    path = tmp_path / "decisions.jsonl"
    path.write_text(decided.stdout)
    told = json.loads(run(str(path), "--parcel", PARCEL, "--json").stdout)
    decision = json.loads(decided.stdout)
    assert told["revenue"] == decision["revenue"]
    assert told["rule_book"] == decision["versions"]["rule_book"]
    refused = run(str(path), "--parcel", PARCEL, "--known-on", "2026-02-17")
    assert refused.exit_code == 2
    assert "a decision holds no parcel" in " ".join(refused.stderr.split())


def test_an_estimate_and_its_remarks_are_told(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    declared = parcel(items=[goods_item(commodity_code="")])
    path.write_bytes(msgspec.json.encode(manifest(parcels=[declared])))
    told = run(str(path), "--parcel", PARCEL).stdout
    assert "This is an estimate." in told
    assert "- item 1 has no HS subheading" in told


def test_a_parcel_that_is_not_there_is_told(manifests: str) -> None:
    refused = run(manifests, "--parcel", "LX000000000CN")
    assert isinstance(refused.exception, InputFileError)
    assert "there is no readable parcel LX000000000CN" in str(refused.exception)
