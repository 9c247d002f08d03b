"""The ledger: announced = release + inspection + revenue + rejected + dead-lettered.

A pure tally of what stands on the public topics. It trusts no room: it reads the carriers'
messages itself and counts each parcel version's first decision. While parcels are on their way
the difference is above zero; once the stream is drained it must be zero.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple, TypeVar

import msgspec

from pipeline.formats.message import announced
from pipeline.model import Acknowledgement, Cause
from pipeline.model.carrier_topics import ACKNOWLEDGEMENTS, MANIFESTS, kind_of
from pipeline.stream.records import Headers

OUTCOME_TOPICS = ("release", "inspection", "revenue")
BY_CARRIER = (MANIFESTS, ACKNOWLEDGEMENTS)
"""Of these, carriers may have topics of their own, which count too."""
LEDGER_TOPICS = (*BY_CARRIER, *OUTCOME_TOPICS, "dead-letters")
_FIRST_DECISIONS = frozenset({Cause.ASSESSMENT.value, Cause.AMENDMENT.value})
_ENVELOPE_TOPICS = frozenset({b"parcels", b"assessments"})
_PARCELS = "parcels"
_LAST_OWN_HEADER = "error_text"
_DIGITS_MAX = 9

_T = TypeVar("_T")


class Ledger(NamedTuple):
    """The figures, in parcels unless they say otherwise."""

    announced: int
    """In all messages of carriers; a repeat acknowledged as such counts once."""
    release: int
    inspection: int
    revenue: int
    rejected: int
    dead_lettered: int
    later_events: int
    """Decision events after a parcel version's first: results of inspections, payments."""
    repeated_messages: int
    """Manifest messages whose content had been sent before."""
    decided_twice: int
    """Events that stand twice, or first decisions on a version that already had one: always 0."""
    unreadable: int
    """Records on the system's own topics that are not what their declarations say: always 0."""

    @property
    def decided(self) -> int:
        """Parcels with an outcome."""
        return self.release + self.inspection + self.revenue

    @property
    def difference(self) -> int:
        """Announced parcels without an end: above zero, they are on their way or lost."""
        return self.announced - self.decided - self.rejected - self.dead_lettered

    @property
    def closed(self) -> bool:
        """Whether everything adds up, and nothing stands twice."""
        return not (self.difference or self.decided_twice or self.unreadable)


class DecisionHead(msgspec.Struct, frozen=True, gc=False):
    """What the ledger reads of a decision event."""

    event_id: str
    carrier: str
    parcel_id: str
    manifest_id: str
    parcel_version: int
    cause: str
    received_at: datetime


_decode_decision = msgspec.json.Decoder(DecisionHead).decode
_decode_acknowledgement = msgspec.json.Decoder(Acknowledgement).decode
_decode_envelope = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Tally:
    """Counts records of `ledger_topics`, fed in any order between topics."""

    def __init__(self, *, manifest_parcels_max: int) -> None:
        self._parcels_max = manifest_parcels_max
        self._announced = 0
        self._messages: set[int] = set()
        self._repeatable: Counter[tuple[str, str, int, int]] = Counter()
        self._acknowledged_as_repeated: Counter[tuple[str, str, int, int]] = Counter()
        self._repeated_messages = 0
        self._rejected = 0
        self._dead_lettered = 0
        self._outcomes = dict.fromkeys(OUTCOME_TOPICS, 0)
        self._later_events = 0
        self._decided_twice = 0
        self._unreadable = 0
        # Hashes instead of the keys themselves: a million parcels in some 150 MB. A collision of
        # 64-bit hashes would show as `decided_twice`; among ten million its chance is 1 in 100,000.
        self._events: set[int] = set()
        self._versions: set[int] = set()

    def add(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers
    ) -> DecisionHead | None:
        """Take in one record; `topic` is its logical name. Returns the head of a first decision."""
        if topic in OUTCOME_TOPICS:
            return self._add_decision(topic, value)
        kind = kind_of(topic)
        if kind == MANIFESTS:
            self._add_manifest(key, value, headers)
        elif kind == ACKNOWLEDGEMENTS:
            self._add_acknowledgement(value)
        else:
            self._dead_lettered += _dead_lettered(key, value, headers, self._parcels_max)
        return None

    def ledger(self) -> Ledger:
        """The figures so far."""
        repeated = sum(
            min(parcels, self._repeatable[message])
            for message, parcels in self._acknowledged_as_repeated.items()
        )
        return Ledger(
            announced=self._announced - repeated,
            release=self._outcomes["release"],
            inspection=self._outcomes["inspection"],
            revenue=self._outcomes["revenue"],
            rejected=self._rejected,
            dead_lettered=self._dead_lettered,
            later_events=self._later_events,
            repeated_messages=self._repeated_messages,
            decided_twice=self._decided_twice,
            unreadable=self._unreadable,
        )

    def _add_manifest(self, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        message = announced(key, value, headers, parcels_max=self._parcels_max)
        if message is None:
            self._announced += parcels_in_headers(headers, self._parcels_max)
            return
        header, parcels = message
        self._announced += parcels
        content = hash(value)
        if content in self._messages:
            # Counted once only if the carrier was told so: a message that was refused is refused
            # again, and then announced and rejected again.
            self._repeated_messages += 1
            sent = (header.carrier, header.manifest_id, header.version, header.part)
            self._repeatable[sent] += parcels
        self._messages.add(content)

    def _add_acknowledgement(self, value: bytes | None) -> None:
        answer = self._read(_decode_acknowledgement, value)
        if answer is None:
            return
        if answer.duplicate:
            message = (answer.carrier, answer.manifest_id, answer.version, answer.part)
            self._acknowledged_as_repeated[message] += answer.announced_parcels
        else:
            self._rejected += answer.rejected_parcels

    def _add_decision(self, topic: str, value: bytes | None) -> DecisionHead | None:
        head = self._read(_decode_decision, value)
        if head is None:
            return None
        event = hash(head.event_id)
        if event in self._events:
            self._decided_twice += 1
            return None
        self._events.add(event)
        if head.cause not in _FIRST_DECISIONS:
            self._later_events += 1
            return None
        version = hash((head.carrier, head.manifest_id, head.parcel_id, head.parcel_version))
        if version in self._versions:
            self._decided_twice += 1
            return None
        self._versions.add(version)
        self._outcomes[topic] += 1
        return head

    def _read(self, decode: Callable[[bytes], _T], value: bytes | None) -> _T | None:
        try:
            return decode(value or b"")
        except _UNREADABLE:
            self._unreadable += 1
            return None


def ledger_topics(existing: Iterable[str]) -> list[str]:
    """`LEDGER_TOPICS`, and those of single carriers among the existing ones."""
    own = (t for t in existing if kind_of(t) in BY_CARRIER and t not in BY_CARRIER)
    return [*LEDGER_TOPICS, *sorted(own)]


def parcels_in_headers(headers: Headers, parcels_max: int) -> int:
    """Parcels in a message nobody can read: as its Kafka header says within the limit, else 1."""
    for name, value in headers:
        if name == _PARCELS and value.isdigit() and len(value) <= _DIGITS_MAX:
            return int(value) if 1 <= int(value) <= parcels_max else 1
    return 1


def _parcels_in_manifest(
    key: bytes | None, value: bytes | None, headers: Headers, parcels_max: int
) -> int:
    message = announced(key, value, headers, parcels_max=parcels_max)
    return message.parcels if message else parcels_in_headers(headers, parcels_max)


def _dead_lettered(
    key: bytes | None, value: bytes | None, headers: Headers, parcels_max: int
) -> int:
    """Announced parcels in a dead letter: as the room that wrote it says.

    A letter of the stream core, which knows no parcels, does not say: its content is counted.
    """
    for name, text in reversed(headers):
        if name == _PARCELS:
            return int(text) if text.isdigit() and len(text) <= _DIGITS_MAX else 0
        if name == _LAST_OWN_HEADER:
            break  # what stands before it came with the original message
    source_topic = dict(headers).get("source_topic", b"")
    if kind_of(source_topic.decode(errors="replace")) == MANIFESTS:
        return _parcels_in_manifest(key, value, headers, parcels_max)
    if source_topic not in _ENVELOPE_TOPICS:
        return 0
    try:
        return len(_decode_envelope(value or b""))
    except _UNREADABLE:
        return 1
