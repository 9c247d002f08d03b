"""What became of published manifest messages: acknowledgements, and what nobody could read."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import msgspec

from pipeline.model import Acknowledgement, AcknowledgementStatus, manifest_key
from pipeline.model.carrier_topics import (
    ACKNOWLEDGEMENTS,
    MANIFESTS,
    CarrierTopics,
    carrier_of,
    kind_of,
)
from pipeline.ops.topic_reader import TopicReader
from pipeline.stream.records import Record

DEAD_LETTERS = "dead-letters"
_ACCEPTED = frozenset(
    {AcknowledgementStatus.ACCEPTED, AcknowledgementStatus.ACCEPTED_WITH_WARNINGS}
)
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
            or any(answer.status not in _ACCEPTED for answer in self.acknowledgements)
        )


def answer_topics(keys: Iterable[bytes], existing: Collection[str]) -> list[str]:
    """Topics on which messages with these keys are answered, by their logical names.

    Args:
        keys: the Kafka keys of the messages.
        existing: the topics we may read. A carrier with topics of its own may not read the dead
            letters, and is told on its own topic what stands there.
    """
    carriers = CarrierTopics.among(existing)
    topics = {carriers.acknowledgements_of(carrier_of(key)) for key in keys}
    return sorted(topics | ({DEAD_LETTERS} & set(existing)))


async def collect_answers(reader: TopicReader, keys: Iterable[bytes], wait_s: float) -> Answers:
    """Read until each message with one of these keys is answered, or the time is over.

    Args:
        reader: of `answer_topics`; connected before the messages were sent.
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
    if kind_of(record.topic) == ACKNOWLEDGEMENTS:
        return msgspec.json.decode(record.value or b"", type=Acknowledgement)
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    is_manifest = kind_of(headers["source_topic"]) == MANIFESTS
    key = (record.key or b"").decode(errors="replace") if is_manifest else ""
    return Unreadable(key, headers["error_code"], headers["error_text"])


def _key(answer: Acknowledgement | Unreadable) -> str:
    if isinstance(answer, Unreadable):
        return answer.key
    return manifest_key(answer.carrier, answer.manifest_id)
