"""The rooms on a file, without any broker: what a carrier uses to try a manifest."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import orjson

from pipeline.formats.dispatch import Headers, decode, is_xml
from pipeline.formats.outcome import Refusal
from pipeline.sandbox.manifest_files import are_json_lines
from pipeline.stream.memory import MemoryStream
from pipeline.stream.records import Record

EPOCH = datetime.fromtimestamp(0, UTC)
OUTCOME_TOPICS = ("release", "inspection", "revenue")


class _Header(msgspec.Struct):
    carrier: str = ""
    manifest_id: str = ""
    issued_at: datetime | None = None


class DryRun(NamedTuple):
    """What the rooms made of the messages, as they would stand on the topics."""

    decisions: list[bytes]
    acknowledgements: list[bytes]
    dead_letters: list[Record]


def run_dry(
    stream: MemoryStream,
    messages: Iterable[bytes],
    *,
    headers: Headers = (),
    received_at: datetime = EPOCH,
) -> DryRun:
    """Run manifest messages through the rooms, one after the other, as `publish_dry` does."""
    for message in messages:
        publish_dry(stream, message, headers, received_at)
    return DryRun(
        [record.value or b"" for topic in OUTCOME_TOPICS for record in stream.read(topic)],
        [record.value or b"" for record in stream.read("acknowledgements")],
        stream.read("dead-letters"),
    )


def publish_dry(
    stream: MemoryStream, message: bytes, headers: Headers, received_at: datetime
) -> None:
    """Publish one message, and let the rooms work on it.

    Args:
        stream: the rooms.
        message: in any format.
        headers: such as one that names its format.
        received_at: of a message that does not say when it was issued. Others are received
            then, so that the same file gives the same bytes.
    """
    header = _read_header(message, headers)
    issued_at = header.issued_at or received_at
    stream.publish(
        "manifests",
        key=f"{header.carrier}/{header.manifest_id}".encode(errors="replace"),
        value=message,
        timestamp_ms=int(issued_at.timestamp() * 1000),
        headers=headers,
    )
    stream.run_until_idle()


def read_messages(text: bytes) -> Iterator[bytes]:
    """Messages of a file: an XML document, a JSON document, a JSON array of them, or JSON Lines."""
    if is_xml(text):
        yield text
        return
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        lines = [line for line in text.splitlines() if line.strip()]
        # One damaged document is one message, over however many lines it goes.
        yield from lines if are_json_lines(lines) else [text]
        return
    if isinstance(document, list):
        # Numbers stay as they stand: none passes through a binary float.
        yield from map(bytes, msgspec.json.decode(text, type=list[msgspec.Raw]))
    else:
        yield text


def _read_header(message: bytes, headers: Headers) -> _Header:
    """What key and time are made of; of a message nobody can read, what can be read of it."""
    try:
        header = msgspec.json.decode(message, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        header = _Header()
    if header.manifest_id:
        return header
    outcome = decode(message, headers)
    if isinstance(outcome, Refusal):
        return header
    found = outcome.header
    return _Header(found.carrier, found.manifest_id, found.issued_at)
