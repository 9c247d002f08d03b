"""The rooms on a file, without any broker: what a carrier uses to try a manifest."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
import orjson

from pipeline.sandbox.manifest_files import are_json_lines
from pipeline.stream.memory import MemoryStream
from pipeline.stream.records import Record

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


def run_dry(stream: MemoryStream, messages: Iterable[bytes]) -> DryRun:
    """Run manifest messages through the rooms, one after the other.

    A message is received when it says it was issued, so that the same file gives the same bytes.
    """
    for message in messages:
        publish_dry(stream, message)
    return DryRun(
        [record.value or b"" for topic in OUTCOME_TOPICS for record in stream.read(topic)],
        [record.value or b"" for record in stream.read("acknowledgements")],
        stream.read("dead-letters"),
    )


def publish_dry(stream: MemoryStream, message: bytes) -> None:
    """Publish one message, received when it says it was issued, and let the rooms work on it."""
    header = _read_header(message)
    issued_at = header.issued_at
    stream.publish(
        "manifests",
        key=f"{header.carrier}/{header.manifest_id}".encode(errors="replace"),
        value=message,
        timestamp_ms=int(issued_at.timestamp() * 1000) if issued_at else 0,
    )
    stream.run_until_idle()


def read_messages(text: bytes) -> Iterator[bytes]:
    """Manifest messages of a file: one JSON document, a JSON array of them, or JSON Lines."""
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


def _read_header(message: bytes) -> _Header:
    try:
        return msgspec.json.decode(message, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Header()
