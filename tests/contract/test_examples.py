"""Every example is judged alike by schema, decoder and rooms."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator

from pipeline.app import build_dry_run
from pipeline.contract.declarations import topics_folder
from pipeline.contract.examples import Example, accepted_examples, rejected_examples
from pipeline.contract.schemas import HEADERS_ONLY, PAYLOADS, json_schema
from pipeline.model import Acknowledgement
from pipeline.rulebook.files import read_yaml
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from tests.contract.rooms import publish


def cases(find: Callable[[str], list[Example]]) -> list[Any]:
    return [
        pytest.param(payload, example, id=f"{payload}-{example.name}")
        for payload in PAYLOADS
        for example in find(payload)
    ]


def decode(payload: str, content: bytes) -> Any:
    if payload == HEADERS_ONLY:
        return msgspec.convert(json.loads(content), PAYLOADS[payload], strict=False)
    return msgspec.json.decode(content, type=PAYLOADS[payload])


def validator(payload: str) -> Draft7Validator:
    return Draft7Validator(json_schema(payload))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_schema_is_one(payload: str) -> None:
    Draft7Validator.check_schema(json_schema(payload))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_there_are_examples_of_both_kinds(payload: str) -> None:
    assert len(accepted_examples(payload)) >= 2
    assert len(rejected_examples(payload)) >= 2


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_reason_has_its_example(payload: str) -> None:
    reasons = read_yaml(topics_folder() / "examples" / payload / "rejected.yaml", dict[str, Any])
    assert set(reasons) == {example.name for example in rejected_examples(payload)}


@pytest.mark.parametrize(("payload", "example"), cases(accepted_examples))
def test_accepted_by_schema_and_decoder(payload: str, example: Example) -> None:
    validator(payload).validate(json.loads(example.content))
    decode(payload, example.content)


@pytest.mark.parametrize(
    ("payload", "example"),
    [case for case in cases(accepted_examples) if case.values[0] != HEADERS_ONLY],
)
def test_what_is_encoded_again_fits_the_schema(payload: str, example: Example) -> None:
    encoded = msgspec.json.encode(decode(payload, example.content))
    validator(payload).validate(json.loads(encoded))


@pytest.mark.parametrize(("payload", "example"), cases(rejected_examples))
def test_rejected_by_schema_and_decoder(payload: str, example: Example) -> None:
    assert example.refusal is not None
    assert not validator(payload).is_valid(json.loads(example.content)), example.refusal.because
    if not example.refusal.decoder_accepts:
        with pytest.raises(msgspec.ValidationError):
            decode(payload, example.content)


def test_the_rooms_accept_every_accepted_manifest(stream: MemoryStream) -> None:
    answers = [
        msgspec.json.decode(record.value or b"", type=Acknowledgement)
        for record in stream.read("acknowledgements")
    ]
    assert [answer.faults for answer in answers] == [[] for _ in accepted_examples("Manifest")]


@pytest.mark.parametrize("example", rejected_examples("Manifest"), ids=lambda e: e.name)
def test_the_rooms_decide_nothing_on_a_rejected_manifest(example: Example) -> None:
    stream = build_dry_run(Settings())
    publish(stream, "manifests", example)
    refused = [
        msgspec.json.decode(record.value or b"", type=Acknowledgement).rejected_parcels
        for record in stream.read("acknowledgements")
    ]
    assert sum(refused) + len(stream.read("dead-letters")) == 1
    assert not [t for t in ("release", "inspection", "revenue") if stream.read(t)]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("inspections", "InspectionResult"),
        ("payments", "Payment"),
        ("accounts", "AccountOrder"),
    ],
)
def test_rejected_feedback_ends_as_a_dead_letter(
    stream: MemoryStream, topic: str, payload: str
) -> None:
    examples = rejected_examples(payload)
    before = len(stream.read("dead-letters"))
    for example in examples:
        publish(stream, topic, example)
    letters = stream.read("dead-letters")[before:]
    assert [letter.value for letter in letters] == [example.content for example in examples]


def test_the_headers_of_a_real_dead_letter_fit_the_schema(stream: MemoryStream) -> None:
    publish(stream, "manifests", rejected_examples("Manifest")[0])
    headers = {name: value.decode() for name, value in stream.read("dead-letters")[-1].headers}
    validator(HEADERS_ONLY).validate(headers)
