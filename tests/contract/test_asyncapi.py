"""The AsyncAPI document, judged by the AsyncAPI Initiative's own schema."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, ValidationError

from pipeline.contract.asyncapi import CLOUD_EVENTS_HEADERS
from pipeline.contract.declarations import declared_topics, topics_folder
from pipeline.contract.examples import accepted_examples
from pipeline.contract.schemas import json_schema
from pipeline.stream.memory import MemoryStream
from tests.contract.rooms import publish

SPECIFICATION = Path(__file__).parent / "asyncapi_spec" / "3.0.0.json"


@cache
def specification() -> Draft7Validator:
    return Draft7Validator(json.loads(SPECIFICATION.read_text()))


@pytest.fixture
def document() -> dict[str, Any]:
    """The document as it lies in the repository."""
    text = (topics_folder() / "asyncapi.yaml").read_text()
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_follows_the_specification(document: dict[str, Any]) -> None:
    specification().validate(document)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("asyncapi",), "2.6.0"),
        (("operations", "receiveManifests", "action"), "publish"),
        (("channels", "release", "bindings", "kafka", "partitions"), 0),
        (("channels", "release", "bindings", "kafka", "bindingVersion"), "0.9.0"),
        (("components", "messages", "Payment", "payload"), 5),
    ],
)
def test_the_specification_refuses_a_wrong_document(
    document: dict[str, Any], path: tuple[str, ...], wrong: Any
) -> None:
    broken = deepcopy(document)
    node = broken
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = wrong
    with pytest.raises(ValidationError):
        specification().validate(broken)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        file, _, pointer = reference.partition("#")
        if file:
            assert (topics_folder() / file).is_file(), reference
            continue
        node = document
        for key in pointer.strip("/").split("/"):
            assert key in node, reference
            node = node[key]


def test_every_public_topic_is_a_channel_with_one_operation(document: dict[str, Any]) -> None:
    public = [topic.name for topic in declared_topics() if topic.public]
    assert [channel["address"] for channel in document["channels"].values()] == public
    channels = [operation["channel"]["$ref"] for operation in document["operations"].values()]
    assert channels == [f"#/channels/{name}" for name in document["channels"]]


def test_a_channel_of_single_carriers_says_what_stands_in_its_address(
    document: dict[str, Any],
) -> None:
    by_carrier = document["channels"]["manifests-by-carrier"]
    assert by_carrier["address"] == "manifests.{carrier}"
    assert list(by_carrier["parameters"]) == ["carrier"]
    assert "parameters" not in document["channels"]["manifests"]


def test_examples_fit_their_payload_and_headers(document: dict[str, Any]) -> None:
    for name, message in document["components"]["messages"].items():
        assert len(message["examples"]) == len(accepted_examples(name))
        for example in message["examples"]:
            if "$ref" in message["payload"]:
                Draft7Validator(json_schema(name)).validate(example["payload"])
            if "headers" in example:
                headers = message["headers"]
                schema = json_schema(name) if "$ref" in headers else headers
                Draft7Validator(schema).validate(example["headers"])


def test_the_headers_of_real_decisions_fit(stream: MemoryStream) -> None:
    for example in accepted_examples("InspectionResult"):
        publish(stream, "inspections", example)
    records = [r for topic in ("release", "inspection", "revenue") for r in stream.read(topic)]
    assert records
    for record in records:
        headers = {name: value.decode() for name, value in record.headers}
        Draft7Validator(CLOUD_EVENTS_HEADERS).validate(headers)
        assert headers["ce_id"] == json.loads(record.value or b"")["event_id"]
