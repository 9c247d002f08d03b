"""The fields of a payload one by one, as people read them, from its JSON Schema."""

from collections.abc import Iterator

from msgspec import Struct

from pipeline.contract.schemas import JsonObject, json_schema

FORMATS = {"date-time": "date and time with offset", "decimal": "decimal number, as a text"}
TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
}
REFERENCE_PREFIX = "#/definitions/"


class Field(Struct, frozen=True):
    """One field of a message."""

    pointer: str
    """JSON pointer; `*` stands for each place of a list."""
    form: str
    needed: bool
    """In its object; the object itself may be left out."""
    meaning: str


def message_fields(payload: str) -> Iterator[Field]:
    """Every field of a payload, the outer ones first, in the order of the schema."""
    schema = json_schema(payload)
    yield from _fields("", schema, schema.get("definitions", {}))


def _fields(pointer: str, node: JsonObject, definitions: JsonObject) -> Iterator[Field]:
    needed = set(node.get("required", ()))
    for name, described in node["properties"].items():
        inner = _resolved(described, definitions)
        place = f"{pointer}/{name}"
        yield Field(place, _form(inner, definitions), name in needed, _meaning(described, inner))
        if inner.get("type") == "array":
            inner, place = _resolved(inner["items"], definitions), f"{place}/*"
        if "properties" in inner:
            yield from _fields(place, inner, definitions)


def _resolved(node: JsonObject, definitions: JsonObject) -> JsonObject:
    """A node without references, and without the null that it may be instead."""
    for choice in node.get("anyOf", ()):
        if choice.get("type") != "null":
            return _resolved(choice, definitions)
    if "$ref" in node:
        found: JsonObject = definitions[node["$ref"].removeprefix(REFERENCE_PREFIX)]
        return found
    return node


def _meaning(described: JsonObject, inner: JsonObject) -> str:
    description: str = described.get("description") or inner.get("description", "")
    return description.partition("\n")[0]


def _form(node: JsonObject, definitions: JsonObject) -> str:
    if "enum" in node:
        return f"one of: {', '.join(map(str, node['enum']))}"
    if "const" in node:
        return f"always {node['const']}"
    if node.get("type") == "array":
        inner = _resolved(node["items"], definitions)
        what = "objects" if "properties" in inner else f"{_form(inner, definitions)} each"
        return f"list, {what}{_range(node, 'minItems', 'maxItems')}"
    if node.get("format") in FORMATS:
        return FORMATS[node["format"]]
    lengths = _range(node, "minLength", "maxLength", " characters")
    return f"{TYPES[node['type']]}{lengths}{_range(node, 'minimum', 'maximum')}"


def _range(node: JsonObject, least: str, most: str, unit: str = "") -> str:
    low, high = node.get(least), node.get(most)
    if low is None and high is None:
        return ""
    if high is None:
        return f", at least {low}{unit}"
    if low is None:
        return f", at most {high}{unit}"
    return f", {low}{unit}" if low == high else f", {low} to {high}{unit}"
