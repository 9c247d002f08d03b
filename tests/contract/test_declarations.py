"""Declarations are read strictly and agree with each other and with the rooms."""

from pathlib import Path

import pytest

from pipeline.app import build_rooms
from pipeline.contract.declarations import TopicDeclaration, declarations
from pipeline.contract.schemas import PAYLOADS
from pipeline.errors import RuleBookError
from pipeline.rulebook.files import read_yaml
from pipeline.settings import Settings

ROOMS = build_rooms(Settings())
TOPICS = {topic.name: topic for topic in declarations()}


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_a_public_topic_names_a_payload_with_a_schema(topic: TopicDeclaration) -> None:
    assert topic.payload in PAYLOADS if topic.public else topic.payload == ""


def test_topics_that_are_worked_on_together_have_as_many_partitions() -> None:
    assert len({topic.partitions for topic in TOPICS.values()}) == 1


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_what_a_room_uses_is_declared(room: object) -> None:
    used = {*room.inputs, *room.outputs, *room.enclosers}  # type: ignore[attr-defined]
    assert used <= set(TOPICS)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_is_a_declared_reader_of_its_inputs(room: object) -> None:
    for name in room.inputs:  # type: ignore[attr-defined]
        assert room.name in TOPICS[name].readers  # type: ignore[attr-defined]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_the_memory_of_a_room_is_compacted_and_its_own(room: object) -> None:
    changelog = TOPICS[f"{room.name}-changelog"]  # type: ignore[attr-defined]
    assert changelog.cleanup_policy == "compact"
    assert changelog.owner == room.name  # type: ignore[attr-defined]


def test_all_times_are_the_brokers() -> None:
    """A sender's or worker's clock in the future would make rooms forget, one in the past would
    date decisions before their manifests."""
    assert {topic.timestamp_type for topic in TOPICS.values()} == {"LogAppendTime"}


def test_an_unknown_field_is_an_error_that_names_file_and_field(tmp_path: Path) -> None:
    file = tmp_path / "release.yaml"
    file.write_text("name: release\nretention: 5\n")
    with pytest.raises(RuleBookError, match=r"release\.yaml.*retention"):
        read_yaml(file, TopicDeclaration)
