"""What became of published manifest messages: acknowledgements, and what nobody could read."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from pipeline.model import Acknowledgement, manifest_key
from pipeline.ops.topic_reader import TopicReader
from pipeline.stream.records import Record

TOPICS = ("acknowledgements", "dead-letters")
POLL_MS = 100


class Unreadable(NamedTuple):
    """A message that ended as a dead letter."""

    key: str
    error_code: str
    error_text: str


class Answers(NamedTuple):
    """The answers to messages, as far as they came in time."""

    acknowledgements: Sequence[Acknowledgement]
    unreadable: Sequence[Unreadable]
    unanswered: int

    @property
    def all_accepted(self) -> bool:
        """Whether every message was answered, and no parcel refused."""
        return not (
            self.unanswered
            or self.unreadable
            or any(answer.rejected_parcels for answer in self.acknowledgements)
        )


async def collect_answers(reader: TopicReader, keys: Iterable[bytes], wait_s: float) -> Answers:
    """Read until each message with one of these keys is answered, or the time is over.

    Args:
        reader: of `TOPICS`; connected before the messages were sent.
        keys: the Kafka key of each message.
        wait_s: seconds to wait at most.
    """
    awaited = Counter(key.decode() for key in keys)
    acknowledgements: list[Acknowledgement] = []
    unreadable: list[Unreadable] = []
    end_s = time.monotonic() + wait_s
    while awaited.total() and time.monotonic() < end_s:
        for record in await reader.poll(POLL_MS):
            answer = _read(record)
            if not awaited[_key(answer)]:
                continue
            awaited[_key(answer)] -= 1
            if isinstance(answer, Unreadable):
                unreadable.append(answer)
            else:
                acknowledgements.append(answer)
    return Answers(acknowledgements, unreadable, awaited.total())


def _read(record: Record) -> Acknowledgement | Unreadable:
    if record.topic == "acknowledgements":
        return msgspec.json.decode(record.value or b"", type=Acknowledgement)
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    is_manifest = headers["source_topic"] == "manifests"
    key = (record.key or b"").decode(errors="replace") if is_manifest else ""
    return Unreadable(key, headers["error_code"], headers["error_text"])


def _key(answer: Acknowledgement | Unreadable) -> str:
    if isinstance(answer, Unreadable):
        return answer.key
    return manifest_key(answer.carrier, answer.manifest_id)
