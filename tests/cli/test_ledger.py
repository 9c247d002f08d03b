"""`greenlane ledger`: the sum, as a table and as JSON, and its exit status."""

from uuid import uuid4

import msgspec
import orjson
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import BrokerError
from pipeline.sandbox.trial import Trial
from tests.builders import manifest, parcel


def run(*arguments: str, text: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments], input=text)


@pytest.fixture
def unanswered(broker: str, topic_prefix: str) -> list[str]:
    """Options that name topics with a manifest of two parcels, and no worker."""
    where = ["--broker", broker, "--topic-prefix", topic_prefix]
    assert run("topics", "create", *where, "--partitions", "1").exit_code == 0
    text = msgspec.json.encode(manifest(parcels=[parcel(), parcel(parcel_id="B")]))
    assert run("publish", "-", *where, text=text).exit_code == 0
    return where


def test_parcels_on_their_way_are_a_difference_and_exit_status_1(unanswered: list[str]) -> None:
    result = run("ledger", *unanswered, "--wait", "0")
    assert result.exit_code == 1
    figures = " ".join(result.stdout.split())
    assert figures.startswith("Ledger, in parcels announced 2 - release 0 - inspection 0 -")
    assert figures.endswith("- rejected 0 - dead-lettered 0 = difference 2")


def test_json_has_all_figures(unanswered: list[str]) -> None:
    figures = orjson.loads(run("ledger", *unanswered, "--wait", "0", "--json").stdout)
    assert (figures["announced"], figures["difference"], figures["decided_twice"]) == (2, 2, 0)


def test_it_waits_for_parcels_on_their_way_and_closes(installation: Trial) -> None:
    where = ["--broker", str(installation.broker), "--topic-prefix", installation.topic_prefix]
    text = msgspec.json.encode(manifest(carrier="LEDGER", manifest_id=uuid4().hex[:12]))
    assert run("publish", "-", *where, text=text).exit_code == 0
    result = run("ledger", *where, "--wait", "30")
    assert result.exit_code == 0, result.stdout
    assert "= difference" in result.stdout


def test_without_topics_the_error_names_the_command_that_creates_them(
    broker: str, topic_prefix: str
) -> None:
    error = run("ledger", "--broker", broker, "--topic-prefix", topic_prefix).exception
    assert isinstance(error, BrokerError)
    assert "greenlane topics create" in str(error)
