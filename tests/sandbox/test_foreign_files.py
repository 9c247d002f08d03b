"""Files in formats of the trade: read, keyed and counted as they stand."""

import json

import pytest

from pipeline.errors import InputFileError
from pipeline.sandbox.foreign_files import foreign_messages, is_foreign
from pipeline.sandbox.manifest_files import MESSAGE_BYTES_MAX
from tests.formats.examples import EXAMPLES, document, with_text


@pytest.mark.parametrize(
    ("name", "key", "parcels", "content_type"),
    [
        ("itmatt", b"CNA/CNA-20260706-0001", 2, b"application/json"),
        ("acas", b"FASTEX/FX-778-20260706", 2, b"application/json"),
        ("ics2_f43", b"DE999888777/DP-2026-0001", 1, b"application/xml"),
        ("ics2_f44", b"DE999888777/DP-2026-0044", 2, b"application/xml"),
        ("wco_declaration", b"GB603202734852/LRN0001", 1, b"application/xml"),
    ],
)
def test_a_document_is_one_message_byte_for_byte(
    name: str, key: bytes, parcels: int, content_type: bytes
) -> None:
    assert is_foreign(EXAMPLES[name], [])
    (message,) = foreign_messages("file", EXAMPLES[name], [])
    assert (message.key, message.value, message.parcels) == (key, EXAMPLES[name], parcels)
    assert message.headers == (("content-type", content_type),)


def test_several_documents_may_stand_in_an_array_or_in_lines() -> None:
    documents = [document("itmatt"), {**document("itmatt"), "messageId": "CNA-2"}]
    lines = b"\n".join(json.dumps(each).encode() for each in documents)
    for text in (json.dumps(documents).encode(), lines):
        assert is_foreign(text, [])
        keys = [message.key for message in foreign_messages("file", text, [])]
        assert keys == [b"CNA/CNA-20260706-0001", b"CNA/CNA-2"]


def test_the_named_format_goes_along() -> None:
    headers = [("format", b"ics2")]
    (message,) = foreign_messages("file", EXAMPLES["ics2_f30"], headers)
    assert message.headers == (("content-type", b"application/xml"), ("format", b"ics2"))


def test_manifests_in_our_own_format_are_not_foreign() -> None:
    assert not is_foreign(b'{"schema_version": 1}', [])
    assert not is_foreign(b'{"schema_version": 1}', [("format", b"canonical")])
    assert is_foreign(b'{"schema_version": 1}', [("format", b"itmatt")])


def test_a_refused_document_is_told_with_its_place_reason_and_code() -> None:
    text = with_text("wco_declaration", "<TypeCode>IMA", "<TypeCode>EXA")
    with pytest.raises(InputFileError, match=r"x\.xml, document 1: .*EXA.*\[not_an_import\]"):
        list(foreign_messages("x.xml", text, []))


def test_a_document_larger_than_a_message_is_told_with_both_sizes() -> None:
    text = with_text("ics2_f43", "<LRN>", f"{' ' * MESSAGE_BYTES_MAX}<LRN>")
    with pytest.raises(InputFileError, match=f"limit of {MESSAGE_BYTES_MAX:,}"):
        list(foreign_messages("x.xml", text, []))
