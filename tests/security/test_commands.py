"""The commands with a login: rights are shown and granted, wrong logins end in one line."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from pipeline.contract.acls import Operation, Resource, Right
from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.contract.grant import grant
from pipeline.sandbox.ports import free_port
from tests import builders
from tests.security.conftest import PREFIX
from tests.security.secured_broker import SecuredBroker, password_of

APART = {"GREENLANE_CARRIERS_WITH_TOPICS": "SWIFTPOST,BLUEWAVE"}


@pytest.fixture(scope="module")
def greenlane_topics(secured: SecuredBroker) -> None:
    """Topics without prefix; two users that see them, one of which may also join the group."""
    admin, topics = secured.user("admin"), declarations()
    rights = [
        Right(user, Operation.DESCRIBE, Resource.TOPIC, topic.name)
        for user in ("reader", "member")
        for topic in topics
    ]
    rights.append(Right("member", Operation.READ, Resource.GROUP, "greenlane"))
    asyncio.run(create_topics(admin, topics, partitions=1))
    asyncio.run(grant(admin, rights))


class Result(NamedTuple):
    """What a command ended with; its words without line breaks."""

    status: int
    output: str
    told: str


def greenlane(*arguments: str, environment: dict[str, str]) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, " ".join(done.stderr.split()))


def test_rights_are_granted_by_the_admin_only(secured: SecuredBroker) -> None:
    refused = greenlane(
        "topics", "acls", "--apply", environment=secured.environment("operators") | APART
    )
    assert refused.status == 1
    assert "does not allow the user operators to grant rights" in refused.told
    granted = greenlane(
        "topics", "acls", "--apply", environment=secured.environment("admin") | APART
    )
    assert granted.status == 0, granted.told
    assert "users granted" in granted.output


def test_topics_are_created_by_the_admin_only(secured: SecuredBroker) -> None:
    arguments = ("topics", "create", "--topic-prefix", "made.", "--partitions", "1")
    refused = greenlane(*arguments, environment=secured.environment("operators") | APART)
    assert refused.status == 1
    assert "does not allow the user operators to create topics" in refused.told
    created = greenlane(*arguments, environment=secured.environment("admin") | APART)
    assert created.status == 0, created.told
    assert "created made.acknowledgements.BLUEWAVE" in created.output.splitlines()


@pytest.mark.parametrize("command", ["worker", "ledger", "watch"])
def test_a_wrong_password_ends_in_one_line_that_says_so(
    secured: SecuredBroker, command: str
) -> None:
    wrong = {"GREENLANE_SASL_PASSWORD": "not the secret"}
    result = greenlane(command, environment=secured.environment("workers") | wrong)
    assert result.status == 1
    assert result.told.startswith(
        f"greenlane: the broker at {secured.secured} refuses the login of work"
    )
    assert "GREENLANE_SASL_USERNAME and the password" in result.told
    assert "not the secret" not in result.output + result.told


WORKER_RIGHTS = {
    "no topics shown": ("collectors", "has no topic .*, or none that the user collectors may use"),
    "no group": ("reader", "does not allow the user reader to join the group greenlane"),
    "no transactions": ("member", "not allow the user member to use the transactional id greenla"),
}


@pytest.mark.parametrize(("user", "text"), WORKER_RIGHTS.values(), ids=WORKER_RIGHTS)
def test_a_worker_says_which_right_it_lacks(
    secured: SecuredBroker, greenlane_topics: None, user: str, text: str
) -> None:
    environment = secured.environment(user) | {"GREENLANE_WEB_PORT": str(free_port())}
    result = greenlane("worker", environment=environment)
    assert result.status == 1
    assert re.search(text, result.told), result.told
    assert password_of(user) not in result.output + result.told


def test_rights_are_shown_without_any_broker() -> None:
    result = greenlane("topics", "acls", "--json", environment=APART)
    rights = json.loads(result.output)
    of_carrier = [right for right in rights if right["principal"] == "User:SWIFTPOST"]
    assert [(r["operation"], r["resource_type"], r["name"]) for r in of_carrier] == [
        ("READ", "TOPIC", "acknowledgements.SWIFTPOST"),
        ("READ", "TOPIC", "notices.SWIFTPOST"),
        ("READ", "GROUP", "SWIFTPOST/"),
        ("WRITE", "TOPIC", "cancellations.SWIFTPOST"),
        ("WRITE", "TOPIC", "manifests.SWIFTPOST"),
    ]


def test_a_carrier_publishes_a_file_and_is_answered(
    installation: SecuredBroker, tmp_path: Path
) -> None:
    """It may read no dead letters, and needs no setting that names its topics."""
    path = tmp_path / "manifests.jsonl"
    good, bad = (
        builders.manifest(carrier="BLUEWAVE", manifest_id=f"BW-{number}") for number in (1, 2)
    )
    broken = msgspec.json.encode(bad).replace(b'"version":1', b'"version":0')
    path.write_bytes(msgspec.json.encode(good) + b"\n" + broken)
    result = greenlane(
        *("publish", str(path), "--wait", "30", "--topic-prefix", PREFIX),
        environment=installation.environment("BLUEWAVE"),
    )
    assert "BW-1 part 1 of 1: accepted, 1 accepted, 0 rejected" in result.told
    assert "BW-2: rejected, 0 accepted" in result.told
    assert "[invalid_message]" in result.told
    assert result.status == 1


def test_operators_read_the_ledger(installation: SecuredBroker) -> None:
    result = greenlane(
        *("ledger", "--json", "--topic-prefix", PREFIX),
        environment=installation.environment("operators"),
    )
    assert result.status == 0, result.told
    assert json.loads(result.output)["difference"] == 0
