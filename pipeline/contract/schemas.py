"""JSON Schemas (draft 07, which most tools read) of the public payloads, from their structs."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from pipeline.model import (
    AccountOrder,
    Acknowledgement,
    Cancellation,
    DeadLetter,
    Decision,
    InspectionResult,
    Manifest,
    Movement,
    Notice,
    Payment,
)
from pipeline.model.score import Scorecard

JsonObject = dict[str, Any]

SCHEMA_VERSION = 1
PAYLOADS: dict[str, type[msgspec.Struct]] = {
    struct.__name__: struct
    for struct in (
        *(Manifest, Acknowledgement, Decision, InspectionResult, Payment),
        *(Movement, Cancellation, Notice, AccountOrder, Scorecard, DeadLetter),
    )
}
INCOMING = frozenset(
    {"Manifest", "InspectionResult", "Payment", "Movement", "Cancellation", "AccountOrder"}
)
HEADERS_ONLY = "DeadLetter"
"""Its value is the original bytes: the schema describes the record's headers."""

DECIMAL_PATTERN = "^-?[0-9]+([.][0-9]+)?$"
INSTANT_PATTERN = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"
)
WHOLE_NUMBER_PATTERN = "^-?[0-9]+$"


def schema_name(payload: str) -> str:
    """File name of a payload's schema."""
    return f"{payload}.v{SCHEMA_VERSION}.json"


@cache
def json_schema(payload: str) -> JsonObject:
    """The schema of one payload, complete in itself."""
    _, definitions = msgspec.json.schema_components(
        [PAYLOADS[payload]], ref_template="#/definitions/{name}"
    )
    refine = _as_header if payload == HEADERS_ONLY else _as_value
    refined = {
        name: _walk(definition, lambda node: refine(node, payload))
        for name, definition in sorted(definitions.items())
    }
    main = refined.pop(payload)
    if "schema_version" in main["properties"]:
        main["properties"]["schema_version"] |= {"const": SCHEMA_VERSION}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"urn:greenlane:schema:{payload}:{SCHEMA_VERSION}",
        **main,
        **({"definitions": refined} if refined else {}),
    }


def _walk(node: Any, refine: Callable[[JsonObject], JsonObject]) -> Any:
    if isinstance(node, dict):
        return refine({key: _walk(value, refine) for key, value in node.items()})
    if isinstance(node, list):
        return [_walk(value, refine) for value in node]
    return node


def _as_value(node: JsonObject, payload: str) -> JsonObject:
    """Formats that validators may skip become patterns; docstrings lose their indentation."""
    if node.get("format") == "decimal":
        types = ["string", "number"] if payload in INCOMING else "string"
        return {**node, "type": types, "pattern": DECIMAL_PATTERN}
    if node.get("format") == "date-time":
        return {**node, "pattern": INSTANT_PATTERN}
    return _cleaned(node)


def _as_header(node: JsonObject, _payload: str) -> JsonObject:
    """Kafka headers are bytes: a whole number travels as its decimal digits."""
    if node.get("type") == "integer":
        return {
            **{key: node[key] for key in node if key not in {"minimum", "maximum"}},
            "type": "string",
            "pattern": WHOLE_NUMBER_PATTERN,
        }
    return _cleaned(node)


def _cleaned(node: JsonObject) -> JsonObject:
    description = node.get("description")
    if isinstance(description, str):
        return {**node, "description": inspect.cleandoc(description)}
    return node
