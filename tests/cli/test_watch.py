"""`greenlane watch`: decisions as they are committed, filtered."""

import signal
import subprocess
import sys
from uuid import uuid4

import msgspec
import orjson
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import BrokerError
from pipeline.sandbox.trial import Trial
from tests.builders import goods_item, manifest, parcel

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def where(installation: Trial) -> list[str]:
    """Options that name the installation."""
    return ["--broker", installation.broker, "--topic-prefix", installation.topic_prefix]


@pytest.fixture(scope="module")
def carrier(where: list[str]) -> str:
    """A carrier of this module's own, whose documents are released and whose pistol is not."""
    name = f"C{uuid4().hex[:10]}"
    papers = goods_item(description="contract papers, printed", commodity_code="490700")
    pistol = goods_item(description="pistol barrel, steel", commodity_code="930200")
    parcels = [
        parcel(parcel_id="PAPERS", items=[papers], goods_type="documents"),
        parcel(parcel_id="PISTOL", items=[pistol]),
    ]
    text = msgspec.json.encode(manifest(carrier=name, parcels=parcels))
    sent = CliRunner().invoke(app, ["publish", "-", *where, "--wait", "30"], input=text)
    assert sent.exit_code == 0, sent.stderr
    return name


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["watch", *arguments])


@pytest.fixture
def all_of(carrier: str, where: list[str]) -> list[str]:
    """Options that choose the carrier's decisions, from the beginning."""
    return [*where, "--carrier", carrier, "--from-beginning"]


def test_one_line_tells_outcome_parcel_and_reason(all_of: list[str], carrier: str) -> None:
    result = run(*all_of, "--count", "2")
    assert result.exit_code == 0
    lines = sorted(line[9:] for line in result.stdout.splitlines())
    assert lines[0].startswith(f"inspection {carrier} PISTOL: ")
    assert lines[1].startswith(f"release    {carrier} PAPERS: ")


@pytest.mark.parametrize(
    ("filtering", "expected"),
    [
        (["--outcome", "release"], "PAPERS"),
        (["--outcome", "inspection"], "PISTOL"),
        (["--parcel", "PISTOL"], "PISTOL"),
    ],
)
def test_filters_choose(all_of: list[str], filtering: list[str], expected: str) -> None:
    result = run(*all_of, *filtering, "--count", "1", "--json")
    assert orjson.loads(result.stdout)["parcel_id"] == expected


def test_json_is_the_event_as_it_stands_on_the_topic(all_of: list[str]) -> None:
    lines = run(*all_of, "--count", "2", "--json").stdout.splitlines()
    assert {orjson.loads(line)["outcome"] for line in lines} == {"release", "inspection"}


def test_explain_tells_the_whole_story(all_of: list[str], carrier: str) -> None:
    result = run(*all_of, "--outcome", "inspection", "--explain", "--count", "1")
    assert result.stdout.startswith(f"Parcel PISTOL of {carrier} is held for inspection.")
    assert "R05" in result.stdout


def test_without_topics_the_error_names_the_command_that_creates_them(
    broker: str, topic_prefix: str
) -> None:
    error = run("--broker", broker, "--topic-prefix", topic_prefix).exception
    assert isinstance(error, BrokerError)
    assert "greenlane topics create" in str(error)


def test_an_unknown_outcome_is_an_unusable_call() -> None:
    assert run("--outcome", "lost").exit_code == 2


def test_ctrl_c_ends_it_without_an_error(all_of: list[str]) -> None:
    command = [sys.executable, "-m", "pipeline.cli", "watch", *all_of]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
        assert watching.stdout
        assert watching.stderr
        assert watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        assert watching.stderr.read() == b"Watching decisions; Ctrl-C ends it.\n"
    assert watching.returncode == 0
