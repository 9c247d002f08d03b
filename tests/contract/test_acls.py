"""Rights follow from the declarations: everyone gets what it needs, and nothing beside it."""

import pytest

from pipeline.app import build_rooms
from pipeline.contract.acls import Operation, Resource, Right, as_command, rights_of, roles_of
from pipeline.contract.declarations import declarations
from pipeline.errors import SettingsError
from pipeline.settings import Settings
from pipeline.stream.room import changelog_topic

APART = ("SWIFTPOST", "BLUEWAVE")
TOPICS = declarations(APART)
FEEDBACK = {
    *("inspections", "payments", "movements", "cancellations"),
    *(f"cancellations.{carrier}" for carrier in APART),
}
OUTCOMES = {"release", "inspection", "revenue"}


def rights(**users: str) -> list[Right]:
    return rights_of(TOPICS, users=users, application_id="greenlane", topic_prefix="nl.")


def topics_of(user: str, operation: Operation, **users: str) -> set[str]:
    return {
        right.name.removeprefix("nl.")
        for right in rights(**users)
        if (right.user, right.operation, right.resource) == (user, operation, Resource.TOPIC)
    }


def test_a_carrier_apart_has_its_own_topics_and_groups_of_its_name() -> None:
    assert [right for right in rights() if right.user == "BLUEWAVE"] == [
        Right("BLUEWAVE", Operation.READ, Resource.TOPIC, "nl.acknowledgements.BLUEWAVE"),
        Right("BLUEWAVE", Operation.READ, Resource.TOPIC, "nl.notices.BLUEWAVE"),
        Right("BLUEWAVE", Operation.READ, Resource.GROUP, "BLUEWAVE/", True),
        Right("BLUEWAVE", Operation.WRITE, Resource.TOPIC, "nl.cancellations.BLUEWAVE"),
        Right("BLUEWAVE", Operation.WRITE, Resource.TOPIC, "nl.manifests.BLUEWAVE"),
    ]


def test_workers_have_what_their_rooms_use() -> None:
    """No more: what only others read or write is not theirs."""
    rooms = build_rooms(Settings(carriers_with_topics=",".join(APART)))
    inputs = {topic for room in rooms for topic in room.inputs}
    outputs = {topic for room in rooms for topic in (*room.outputs, *room.enclosers)}
    memories = {changelog_topic(room.name) for room in rooms}
    assert topics_of("workers", Operation.READ) == inputs | memories | {"law"}
    assert topics_of("workers", Operation.WRITE) == outputs | memories


def test_workers_have_their_group_and_their_transactions() -> None:
    others = [r for r in rights() if r.user == "workers" and r.resource is not Resource.TOPIC]
    assert others == [
        Right("workers", Operation.READ, Resource.GROUP, "greenlane"),
        Right("workers", Operation.WRITE, Resource.TRANSACTIONAL_ID, "greenlane-", True),
    ]


def test_nobody_but_the_workers_writes_outcomes_and_answers() -> None:
    guarded = {f"nl.{name}" for name in (*OUTCOMES, "notices", "acknowledgements", "dead-letters")}
    writers = {r.user for r in rights() if r.operation is Operation.WRITE and r.name in guarded}
    assert writers == {"workers"}


@pytest.mark.parametrize(
    ("user", "read", "written"),
    [
        ("officers", {"inspection", "notices"}, {"inspections"}),
        ("collectors", {"revenue", "notices"}, {"payments", "accounts"}),
        ("warehouses", {"release", "notices"}, {"movements"}),
        ("law-keepers", {"law"}, {"law"}),
    ],
)
def test_others_read_their_outcome_and_write_their_feedback(
    user: str, read: set[str], written: set[str]
) -> None:
    assert topics_of(user, Operation.READ) == read
    assert topics_of(user, Operation.WRITE) == written


def test_operators_may_read_what_ledger_and_statement_count_and_write_nothing() -> None:
    public = {topic.name for topic in TOPICS if topic.public}
    assert topics_of("operators", Operation.READ) == public - FEEDBACK
    assert topics_of("operators", Operation.WRITE) == set()


def test_carriers_that_share_topics_get_rights_only_when_named() -> None:
    assert topics_of("carriers", Operation.WRITE) == set()
    assert topics_of("postal", Operation.WRITE, carriers="postal") == {
        *("manifests", "cancellations")
    }
    assert "acknowledgements" in topics_of("postal", Operation.READ, carriers="postal")


def test_a_user_may_have_another_name_than_its_role() -> None:
    assert topics_of("customs-nl", Operation.READ, officers="customs-nl") == {
        *("inspection", "notices")
    }
    assert topics_of("officers", Operation.READ, officers="customs-nl") == set()


@pytest.mark.parametrize(
    ("carriers", "users"),
    [
        (("workers",), {}),
        (("A",), {"A": "workers"}),
        (("A", "B"), {"A": "B"}),
        (("A",), {"officers": "A"}),
    ],
)
def test_a_carrier_may_not_have_anothers_user(
    carriers: tuple[str, ...], users: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="would have the rights of another user"):
        rights_of(declarations(carriers), users=users, application_id="greenlane")


def test_roles_are_those_of_the_declarations() -> None:
    others = ["officers", "operators", "warehouses", "workers"]
    first = ["carriers", "collectors", "law-keepers"]
    assert roles_of(TOPICS) == ["BLUEWAVE", "SWIFTPOST", *first, *others]


def test_a_command_is_that_of_kafkas_own_tool() -> None:
    prefixed = Right("A b", Operation.READ, Resource.GROUP, "A b/", True)
    assert as_command(prefixed, "kafka:9093") == (
        "kafka-acls.sh --bootstrap-server kafka:9093 --command-config admin.properties --add "
        "--allow-principal 'User:A b' --operation Read --group 'A b/' "
        "--resource-pattern-type prefixed"
    )
    transactional = Right("w", Operation.WRITE, Resource.TRANSACTIONAL_ID, "g-")
    assert "--operation Write --transactional-id g-" in as_command(transactional, "k:1")
