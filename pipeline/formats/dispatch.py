"""Which format a message is in: named by a header, or told by its content."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from lxml import etree

from pipeline.errors import ErrorCode
from pipeline.formats.acas import decode_acas
from pipeline.formats.canonical import (
    DECODE_ERRORS,
    decode_apart,
    decode_canonical,
    decode_whole,
)
from pipeline.formats.conveyance import decode_conveyance
from pipeline.formats.ics2 import MESSAGES, decode_ics2
from pipeline.formats.itmatt import decode_itmatt
from pipeline.formats.json_source import read_json
from pipeline.formats.outcome import Outcome, Refusal
from pipeline.formats.wco_declaration import decode_wco_declaration
from pipeline.formats.xml_source import read_xml

Headers = Sequence[tuple[str, bytes]]
FORMAT_HEADER = "format"
CONTENT_TYPE_HEADER = "content-type"
VENDOR_TYPE = "application/vnd.greenlane."
CANONICAL = "canonical"
_BEGIN_BYTES = 64
_JSON_BEGINS = (b"{", b"[", b"")
_MESSAGE_TYPE = b'"messageType"'
_WHITE_SPACE = b"\xef\xbb\xbf \t\r\n"


class Format(NamedTuple):
    """One format, its tables, and its adapter."""

    name: str
    content: str
    """json or xml."""
    tables: tuple[str, ...]
    decode: Callable[[bytes], Outcome]

    @property
    def media_type(self) -> str:
        """The content type that names this format."""
        return f"{VENDOR_TYPE}{self.name}+{self.content}"


class _Kind(msgspec.Struct):
    messageType: str = ""  # noqa: N815 - as it stands in the documents


_decode_kind = msgspec.json.Decoder(_Kind).decode


def _of_json(
    message_type: str, decode: Callable[[dict[str, Any]], Outcome]
) -> Callable[[bytes], Outcome]:
    def decode_bytes(value: bytes) -> Outcome:
        document = read_json(value)
        if isinstance(document, Refusal):
            return document
        if document.get("messageType") != message_type:
            wrong = f"it must be {message_type}"
            return Refusal(ErrorCode.INVALID_MESSAGE, wrong, "/messageType")
        return decode(document)

    return decode_bytes


def _of_xml(decode: Callable[[etree._Element], Outcome]) -> Callable[[bytes], Outcome]:
    def decode_bytes(value: bytes) -> Outcome:
        root = read_xml(value)
        return root if isinstance(root, Refusal) else decode(root)

    return decode_bytes


_BY_MESSAGE_TYPE: Mapping[str, Callable[[bytes], Outcome]] = {
    "ITMATT": _of_json("ITMATT", decode_itmatt),
    "ACAS": _of_json("ACAS", decode_acas),
    "CONVEYANCE": _of_json("CONVEYANCE", decode_conveyance),
}
FORMATS: Mapping[str, Format] = {
    known.name: known
    for known in (
        Format(CANONICAL, "json", (), decode_canonical),
        Format("itmatt", "json", ("itmatt",), _BY_MESSAGE_TYPE["ITMATT"]),
        Format("ics2", "xml", ("ics2", "ics2_links", "ics2_conveyance"), _of_xml(decode_ics2)),
        Format("acas", "json", ("acas",), _BY_MESSAGE_TYPE["ACAS"]),
        Format("conveyance", "json", ("conveyance",), _BY_MESSAGE_TYPE["CONVEYANCE"]),
        Format("wco-declaration", "xml", ("wco_declaration",), _of_xml(decode_wco_declaration)),
    )
}
"""All formats by the name that the header `format` gives them."""


def decode(value: bytes, headers: Headers = ()) -> Outcome:
    """What a message's content says, whoever sent it and under whatever key."""
    name = named_format(headers)
    if not name:
        return _detected(value)
    if name not in FORMATS:
        return Refusal(ErrorCode.UNKNOWN_FORMAT, f"a header names {name!r}")
    return FORMATS[name].decode(value)


def named_format(headers: Headers) -> str:
    """The format that a header names; empty if none does, or only that it is JSON or XML."""
    content_type = ""
    for name, value in headers:
        if name == FORMAT_HEADER:
            return value.decode(errors="replace")
        if name == CONTENT_TYPE_HEADER:
            content_type = value.decode(errors="replace").partition(";")[0].strip()
    if not content_type.startswith(VENDOR_TYPE):
        return ""
    return content_type.removeprefix(VENDOR_TYPE).rpartition("+")[0]


def is_canonical(value: bytes, headers: Headers = ()) -> bool:
    """Whether a message is in Greenlane's own format, or in none that would be known."""
    name = named_format(headers)
    return name == CANONICAL if name else not (is_xml(value) or _message_type(value))


def is_xml(value: bytes) -> bool:
    """Whether a text begins as XML does."""
    return _begin(value).startswith(b"<")


def _detected(value: bytes) -> Outcome:
    manifest = decode_whole(value)  # by far the most are, and nothing else can be
    if manifest:
        return manifest
    if is_xml(value):
        return _of_xml(_decode_root)(value)
    message_type = _message_type(value)
    if message_type:
        decode_it = _BY_MESSAGE_TYPE.get(message_type)
        unknown = Refusal(ErrorCode.UNKNOWN_FORMAT, f"messageType {message_type}", "/messageType")
        return decode_it(value) if decode_it else unknown
    outcome = decode_apart(value)
    no_json = isinstance(outcome, Refusal) and outcome.code is ErrorCode.INVALID_JSON
    if no_json and _begin(value)[:1] not in _JSON_BEGINS:
        return Refusal(ErrorCode.UNKNOWN_FORMAT, "it is neither JSON nor XML")
    return outcome


def _begin(value: bytes) -> bytes:
    return value[:_BEGIN_BYTES].lstrip(_WHITE_SPACE)


def _decode_root(root: etree._Element) -> Outcome:
    is_ics2 = etree.QName(root).localname.startswith(MESSAGES)
    return decode_ics2(root) if is_ics2 else decode_wco_declaration(root)


def _message_type(value: bytes) -> str:
    if _MESSAGE_TYPE not in value:  # most are canonical: looking is cheaper than decoding
        return ""
    try:
        return _decode_kind(value).messageType
    except (*DECODE_ERRORS, RecursionError):
        return ""
