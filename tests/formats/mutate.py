"""Messages of every format, broken in many ways: for hypothesis, and for longer fuzzing."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from lxml import etree

from pipeline.formats.dispatch import decode
from pipeline.formats.message import key_of, parcels_in
from pipeline.formats.outcome import BadParcel, Decoded, Refusal
from tests.broken import broken_bytes
from tests.formats.examples import EXAMPLES

HOSTILE_TEXTS = [
    "", " ", "\x00", "\x1b[2J", "\u202e", "\ud7ff", "x" * 600, "9" * 5_000, "-1", "1e400", "NaN",
    "sNaN", "1E+999999", "0.1", "99999999999999999999", "null", "true", "٢", "EUR", "ZZ", "&lt;",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "20261332", "KGM", "[0]", "/", "~1",
]  # fmt: skip
HOSTILE_BYTES = [
    b"\x00", b"\xff", b"\\ud800", b"[" * 3_000, b'{"a":' * 3_000, b"<a>" * 3_000, b"<!DOCTYPE a>",
    b"&x;", b"<!--", b"]]>", b"<![CDATA[<", b'"', b"}", b">", b"<", b"\xef\xbb\xbf",
    b'"messageType"', b"xmlns='urn:x'", b"9" * 5_000, b"<?xml version='1.1'?>",
]  # fmt: skip
HOSTILE_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(HOSTILE_TEXTS),
    st.just(10**400),
    st.lists(st.lists(st.integers(), max_size=2), max_size=2),
    st.dictionaries(st.sampled_from(["value", "unit", "x/~"]), st.integers(), max_size=2),
)
JSON_EXAMPLES = [name for name, value in EXAMPLES.items() if value.startswith(b"{")]
XML_EXAMPLES = [name for name in EXAMPLES if name not in JSON_EXAMPLES]


@st.composite
def broken_json(draw: st.DrawFn) -> bytes:
    """A JSON example with members replaced, removed, added or repeated."""
    document = json.loads(EXAMPLES[draw(st.sampled_from(JSON_EXAMPLES))])
    for _ in range(draw(st.integers(1, 5))):
        holder = draw(st.sampled_from(_holders(document)))
        keys: list[Any] = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace" if keys:
                holder[draw(st.sampled_from(keys))] = draw(HOSTILE_VALUES)
            case "remove" if keys:
                del holder[draw(st.sampled_from(keys))]
            case _ if isinstance(holder, dict):
                holder[draw(st.sampled_from(["x", "value", "x/~", ""]))] = draw(HOSTILE_VALUES)
            case _:
                holder.append(draw(HOSTILE_VALUES))
    return json.dumps(document).encode()


@st.composite
def broken_xml(draw: st.DrawFn) -> bytes:
    """An XML example with elements emptied, filled, renamed, repeated or removed."""
    root = etree.fromstring(EXAMPLES[draw(st.sampled_from(XML_EXAMPLES))])
    for _ in range(draw(st.integers(1, 5))):
        element = draw(st.sampled_from(list(root.iter(etree.Element))))
        parent = element.getparent()
        match draw(st.sampled_from(["fill", "attribute", "rename", "repeat", "remove"])):
            case "fill":
                element.text = _xml_text(draw)
            case "attribute":
                name = draw(st.sampled_from(["currencyID", "unitCode", "formatCode"]))
                element.set(name, _xml_text(draw))
            case "rename":
                element.tag = draw(st.sampled_from(["ID", "value", "{urn:x}ID", "MetaData"]))
            case "repeat" if parent is not None:
                parent.append(etree.fromstring(etree.tostring(element)))
            case _ if parent is not None:
                parent.remove(element)
    return etree.tostring(root)


BROKEN_BYTES = broken_bytes(st.sampled_from([*EXAMPLES.values()]), HOSTILE_BYTES)
MESSAGES = st.one_of(BROKEN_BYTES, broken_json(), broken_xml())


def key_for(value: bytes) -> bytes:
    """The key that a message's content names; any where it names none."""
    outcome = decode(value)
    return b"x/y" if isinstance(outcome, Refusal) else key_of(outcome.header).encode()


def decodes_well(value: bytes, decode_it: Callable[[bytes], Any] = decode) -> None:
    """A typed outcome, whose every fault has a place and a text that can be shown."""
    outcome = decode_it(value)
    if isinstance(outcome, Refusal):
        assert outcome.text.isprintable()
        return
    assert parcels_in(outcome) > 0
    if isinstance(outcome, Decoded):
        for position, parcel in enumerate(outcome.parcels):
            if isinstance(parcel, BadParcel):
                assert outcome.locate(f"/parcels/{position}{parcel.pointer}")
                assert parcel.explanation


def _xml_text(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(HOSTILE_TEXTS))
    return "".join(c for c in text if c.isprintable() or c in "\t\n")


def _holders(document: Any) -> list[Any]:
    """The document's objects and lists, the outermost first."""
    if not isinstance(document, dict | list):
        return []
    members = document.values() if isinstance(document, dict) else document
    return [document, *(holder for member in members for holder in _holders(member))]
