"""`greenlane topics`: what is shown, what is created, which calls are refused."""

import json

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.topics import app
from pipeline.contract.declarations import declarations, declared_topics
from pipeline.errors import BrokerError

NAMES = [topic.name for topic in declarations()]
DECLARED = [topic.name for topic in declared_topics()]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_show_names_every_topic() -> None:
    result = run("show")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in DECLARED)


def test_show_fits_an_ordinary_terminal_without_cutting_a_word() -> None:
    shown = CliRunner().invoke(app, ["show"], env={"COLUMNS": "80"}).stdout
    assert "\u2026" not in shown
    words = {word.strip(",") for word in shown.split()}
    for topic in declarations():
        assert {topic.key.partition(":")[0].split()[0], *topic.readers} <= words


def test_show_as_json_is_the_declarations() -> None:
    shown = json.loads(run("show", "--json").stdout)
    assert [topic["name"] for topic in shown] == DECLARED
    assert shown[DECLARED.index("manifests")]["partitions"] == 8


def test_create_names_what_it_created_and_can_be_repeated(broker: str, topic_prefix: str) -> None:
    arguments = ["create", "--broker", broker, "--topic-prefix", topic_prefix, "--partitions", "1"]
    first, second = run(*arguments), run(*arguments)
    assert first.stdout.splitlines() == [
        *(f"created {topic_prefix}{name}" for name in NAMES),
        f"{len(NAMES)} created, 0 existed already",
    ]
    assert second.stdout == f"0 created, {len(NAMES)} existed already\n"


def test_without_a_broker_the_error_is_one_for_people() -> None:
    assert isinstance(run("create", "--broker", "127.0.0.1:1").exception, BrokerError)


@pytest.mark.parametrize("address", ["localhost", ":9092", "localhost:kafka", "a:1,b", ""])
def test_an_address_that_is_none_is_an_unusable_call(address: str) -> None:
    result = run("create", "--broker", address)
    assert result.exit_code == 2
    assert "HOST:PORT" in result.stderr
