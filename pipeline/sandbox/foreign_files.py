"""Files in formats of the trade: each document is one message, sent byte for byte."""

from collections.abc import Iterator

from pipeline.errors import InputFileError
from pipeline.formats.dispatch import Headers, decode, is_canonical, is_xml
from pipeline.formats.message import key_of, parcels_in
from pipeline.formats.outcome import Refusal
from pipeline.sandbox.dry_run import read_messages
from pipeline.sandbox.manifest_files import MESSAGE_BYTES_MAX, ManifestMessage


def is_foreign(text: bytes, headers: Headers) -> bool:
    """Whether a file is named or looks like one of another format than the canonical one."""
    return not all(is_canonical(message, headers) for message in read_messages(text))


def foreign_messages(name: str, text: bytes, headers: Headers) -> Iterator[ManifestMessage]:
    """The messages of a file.

    Args:
        name: name of the file, for error messages.
        text: its content.
        headers: of each message, such as one that names the format.

    Raises:
        InputFileError: a document cannot be read, or is too large for a message.
    """
    for number, document in enumerate(read_messages(text), start=1):
        place = f"{name}, document {number}"
        if len(document) > MESSAGE_BYTES_MAX:
            raise InputFileError(
                f"{place}: {len(document):,} bytes are above a message's limit of "
                f"{MESSAGE_BYTES_MAX:,}; only manifests in Greenlane's own format are split here"
            )
        outcome = decode(document, headers)
        if isinstance(outcome, Refusal):
            raise InputFileError(f"{place}: {outcome.text} [{outcome.code}]")
        content_type = b"application/xml" if is_xml(document) else b"application/json"
        yield ManifestMessage(
            key_of(outcome.header).encode(),
            document,
            parcels_in(outcome),
            (("content-type", content_type), *headers),
        )
