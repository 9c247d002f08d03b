"""The format is named by a header, or told by the content; what is neither has its own code."""

import msgspec
import pytest

from pipeline.errors import ErrorCode
from pipeline.formats.dispatch import FORMATS, decode, is_canonical, named_format
from pipeline.formats.outcome import Decoded, Refusal
from pipeline.model import PartialFiling
from tests.builders import manifest
from tests.formats.examples import EXAMPLES, decoded, document, refused, with_text

CANONICAL = msgspec.json.encode(manifest())
FORMAT_OF = {
    "acas": "acas",
    "conveyance": "conveyance",
    "ics2_f30": "ics2",
    "ics2_f32": "ics2",
    "ics2_f42": "ics2",
    "ics2_f43": "ics2",
    "ics2_f44": "ics2",
    "itmatt": "itmatt",
    "wco_declaration": "wco-declaration",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_content_tells_the_format(name: str) -> None:
    assert isinstance(decode(EXAMPLES[name]), Decoded | PartialFiling)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_header_names_the_format(name: str) -> None:
    headers = [("format", FORMAT_OF[name].encode())]
    assert isinstance(decode(EXAMPLES[name], headers), Decoded | PartialFiling)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_media_type_names_the_format(name: str) -> None:
    media_type = FORMATS[FORMAT_OF[name]].media_type
    headers = [("content-type", f"{media_type}; charset=utf-8".encode())]
    assert named_format(headers) == FORMAT_OF[name]
    assert isinstance(decode(EXAMPLES[name], headers), Decoded | PartialFiling)


@pytest.mark.parametrize("content_type", ["application/json", "application/xml", "text/plain", ""])
def test_any_other_media_type_leaves_it_to_the_content(content_type: str) -> None:
    assert (
        decoded(CANONICAL, [("content-type", content_type.encode())]).header.carrier == "SWIFTPOST"
    )


@pytest.mark.parametrize("named", FORMATS)
@pytest.mark.parametrize("name", [*EXAMPLES, "canonical"])
def test_a_message_in_another_format_than_named_is_refused(name: str, named: str) -> None:
    value = EXAMPLES.get(name, CANONICAL)
    outcome = decode(value, [("format", named.encode())])
    fits = FORMAT_OF.get(name, "canonical") == named
    assert isinstance(outcome, Refusal) is not fits


@pytest.mark.parametrize(
    "headers",
    [
        [("format", b"edifact")],
        [("format", b"\xff")],
        [("content-type", b"application/vnd.greenlane.edifact+json")],
        [("content-type", b"application/vnd.greenlane.canonical"), ("format", b"x")],
    ],
)
def test_an_unknown_format_has_its_own_code(headers: list[tuple[str, bytes]]) -> None:
    assert refused(CANONICAL, headers).code is ErrorCode.UNKNOWN_FORMAT


@pytest.mark.parametrize(
    "value",
    [
        b"UNB+UNOA:1+SENDER+RECEIVER+260706:0800+1'",
        b"FRI\nDFWXX\n020-12345675",
        b'{"messageType": "CUSITM"}',
        b"<Invoice/>",
        b"<IE3F10 xmlns='urn:wco:datamodel:WCO:CIS:1'/>",
        b"\0\0",
    ],
)
def test_content_in_no_known_format_has_its_own_code(value: bytes) -> None:
    assert refused(value).code is ErrorCode.UNKNOWN_FORMAT


def test_a_byte_order_mark_and_white_space_before_a_document_do_not_matter() -> None:
    assert decoded(b"\xef\xbb\xbf \n" + EXAMPLES["ics2_f30"]).header.manifest_id == "FX-2026-30"


def test_a_canonical_manifest_may_hold_the_word_message_type() -> None:
    document_ = msgspec.json.decode(CANONICAL)
    document_["parcels"][0]["items"][0]["description"] = 'plate engraved "messageType"'
    assert decoded(document_).header.manifest_id == "SP-0001"


def test_a_message_type_that_is_no_text_is_a_misspelt_manifest() -> None:
    assert refused({**document("itmatt"), "messageType": 5}).code is ErrorCode.INVALID_MESSAGE


def test_the_formats_are_told_apart_without_decoding() -> None:
    assert is_canonical(CANONICAL)
    assert is_canonical(b"not json")
    assert is_canonical(CANONICAL, [("format", b"canonical")])
    assert not is_canonical(EXAMPLES["acas"])
    assert not is_canonical(EXAMPLES["ics2_f30"])
    assert not is_canonical(CANONICAL, [("format", b"itmatt")])


def test_a_message_type_is_compared_with_the_named_format() -> None:
    refusal = refused(with_text("itmatt", "ITMATT", "ACAS"), [("format", b"itmatt")])
    assert (refusal.code, refusal.where) == (ErrorCode.INVALID_MESSAGE, "/messageType")
