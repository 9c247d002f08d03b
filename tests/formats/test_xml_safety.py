"""XML that is broken, hostile or too large is refused, quickly and without touching anything."""

import time
from pathlib import Path

import pytest

from pipeline.errors import ErrorCode
from pipeline.formats.xml_source import BYTES_MAX, ELEMENTS_MAX, XML_NESTING_MAX
from tests.formats.examples import EXAMPLES, decoded, refused

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
HOSTILE = {
    "entities within entities": f"<!DOCTYPE MetaData [{LAUGHS}]><MetaData>&l11;</MetaData>",
    "entities in an attribute": f"<!DOCTYPE MetaData [{LAUGHS}]><MetaData a='&l11;'/>",
    "an external entity": (
        '<!DOCTYPE MetaData [<!ENTITY x SYSTEM "file:///etc/passwd">]><MetaData>&x;</MetaData>'
    ),
    "an external document type": '<!DOCTYPE MetaData SYSTEM "http://127.0.0.1:9/x.dtd"><MetaData/>',
    "a parameter entity": (
        '<!DOCTYPE MetaData [<!ENTITY % x SYSTEM "file:///etc/passwd">%x;]><MetaData/>'
    ),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_document_type_is_refused_before_anything_is_parsed(text: str) -> None:
    began_s = time.process_time()
    assert refused(text.encode()).code is ErrorCode.UNSAFE_XML
    assert time.process_time() - began_s < 1


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"<MetaData>", ErrorCode.INVALID_XML),
        (b"<MetaData></metadata>", ErrorCode.INVALID_XML),
        (b"<MetaData>&undefined;</MetaData>", ErrorCode.INVALID_XML),
        (b"<MetaData>\0</MetaData>", ErrorCode.INVALID_XML),
        (b"<MetaData a='1' a='2'/>", ErrorCode.INVALID_XML),
        (b"<md:MetaData/>", ErrorCode.INVALID_XML),
        (b"<!-- -- --><MetaData/>", ErrorCode.INVALID_XML),
        (b"<", ErrorCode.INVALID_XML),
        (b"<MetaData/><MetaData/>", ErrorCode.INVALID_XML),
        ("<MetaData>é</MetaData>".encode("latin-1"), ErrorCode.INVALID_UTF8),
        (b"<a>" * (XML_NESTING_MAX + 1) + b"</a>" * (XML_NESTING_MAX + 1), ErrorCode.INVALID_XML),
        (b"<a>" * 200_000, ErrorCode.INVALID_XML),
        (b"<MetaData>" + b" " * BYTES_MAX + b"</MetaData>", ErrorCode.MESSAGE_TOO_LARGE),
        (b"<a>" + b"<b/>" * ELEMENTS_MAX + b"</a>", ErrorCode.MESSAGE_TOO_LARGE),
    ],
)
def test_broken_and_oversized_xml_is_refused(value: bytes, code: ErrorCode) -> None:
    assert refused(value).code is code


def test_as_many_levels_as_allowed_are_parsed() -> None:
    """What is refused then is the root that nobody knows."""
    value = b"<a>" * XML_NESTING_MAX + b"</a>" * XML_NESTING_MAX
    assert refused(value).code is ErrorCode.UNKNOWN_FORMAT


def test_a_broken_document_is_told_with_line_and_column() -> None:
    assert "line 2" in refused(b"<MetaData>\n<a></b></MetaData>").text


def test_comments_and_instructions_are_passed_over() -> None:
    text = EXAMPLES["wco_declaration"].decode()
    text = text.replace("<TypeCode>IMA", "<TypeCode><!-- type -->IM<?x y?>A", 1)
    assert decoded(text.encode()).header.manifest_id == "LRN0001"


def test_another_encoding_in_the_declaration_does_not_matter_when_the_text_is_utf_8() -> None:
    text = EXAMPLES["wco_declaration"].replace(b'encoding="UTF-8"', b'encoding="UTF-16"')
    assert decoded(text).header.manifest_id == "LRN0001"


def test_no_file_is_read_by_an_inclusion(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("LRN-SECRET", encoding="utf-8")
    inclusion = (
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/>'
    )
    text = EXAMPLES["wco_declaration"].decode().replace("LRN0001", inclusion)
    assert "LRN-SECRET" not in refused(text.encode()).text
