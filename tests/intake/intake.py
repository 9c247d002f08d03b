"""The intake room on a log in memory: publish messages, read what became of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import msgspec

from pipeline.intake.room import IntakeRoom
from pipeline.intake.rules import Example, load_data_rules
from pipeline.model import Acknowledgement, Announced, Manifest
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.shelf import Shelf
from pipeline.settings import Settings
from pipeline.stream import Record
from pipeline.stream.memory import MemoryStream
from tests.builders import manifest

KEY = b"SWIFTPOST/SP-0001"
PUBLISHED_MS = 1_783_324_800_000  # 2026-07-06T08:00:00Z

_decode_acknowledgement = msgspec.json.Decoder(Acknowledgement).decode
_decode_envelope = msgspec.msgpack.Decoder(list[Announced]).decode


class Intake:
    """An intake room with an empty memory."""

    def __init__(self, **settings: Any) -> None:
        self.room = IntakeRoom(Settings(**settings), load_data_rules(), Shelf(load_rule_book()))
        self.stream = MemoryStream([self.room], partitions=4)

    def publish(
        self,
        message: Manifest | Mapping[str, Any] | bytes | str | None,
        *,
        key: bytes | None = KEY,
        headers: Sequence[tuple[str, bytes]] = (),
        timestamp_ms: int = PUBLISHED_MS,
    ) -> None:
        """Publish one message and let the room work on it."""
        value = message.encode() if isinstance(message, str) else message
        if isinstance(value, Manifest):
            value = msgspec.json.encode(value)
        elif isinstance(value, Mapping):
            value = json.dumps(value).encode()
        self.stream.publish(
            "manifests", key=key, value=value, timestamp_ms=timestamp_ms, headers=headers
        )
        self.stream.run_until_idle()

    def answer(self, message: Manifest | Mapping[str, Any] | bytes | str) -> Acknowledgement:
        """Publish a message that is acknowledged; the acknowledgement."""
        before = len(self.acknowledgements)
        self.publish(message)
        assert len(self.acknowledgements) == before + 1, self.dead_letters
        return self.acknowledgements[-1]

    @property
    def acknowledgements(self) -> list[Acknowledgement]:
        """All acknowledgements so far."""
        records = self.stream.read("acknowledgements")
        return [_decode_acknowledgement(record.value or b"") for record in records]

    @property
    def dead_letters(self) -> list[dict[str, str]]:
        """The headers of all dead letters so far."""
        return [described(record) for record in self.stream.read("dead-letters")]

    @property
    def announced(self) -> list[Announced]:
        """All parcels sent on so far."""
        envelopes = [record.value or b"" for record in self.stream.read("parcels")]
        return [parcel for envelope in envelopes for parcel in _decode_envelope(envelope)]


def described(record: Record) -> dict[str, str]:
    """The headers of a dead letter, as text."""
    return {name: value.decode(errors="replace") for name, value in record.headers}


def ordinary_manifest() -> dict[str, Any]:
    """An ordinary manifest as a JSON document, to be changed at will."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(manifest()))
    return document


def messages_of(example: Example) -> Iterator[dict[str, Any]]:
    """The messages that an example of a data rule stands for; the last one is judged."""
    for changes in example if isinstance(example, list) else [example]:
        document = ordinary_manifest()
        (parcel,) = document["parcels"]
        for number in range(2, 1 + changes.get("/copies", 1)):
            document["parcels"].append({**deepcopy(parcel), "parcel_id": f"HAWB-{number:04}"})
        for pointer, value in changes.items():
            if pointer != "/copies":
                of_manifest = pointer.split("/")[1] in document
                change(document, pointer if of_manifest else f"/parcels/0{pointer}", value)
        yield document


def change(document: Any, pointer: str, value: Any) -> None:
    """Set the value a JSON pointer names, in place; the end of a list may be extended."""
    *path, last = pointer.removeprefix("/").split("/")
    for step in path:
        document = document[int(step) if isinstance(document, list) else step]
    if isinstance(document, list) and int(last) == len(document):
        document.append(value)
    else:
        document[int(last) if isinstance(document, list) else last] = value
