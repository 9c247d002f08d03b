"""The account of each parcel version: how often it was announced, and what became of it.

Read from the topics alone. Answers are matched to messages one by one: those to one part of one
manifest stand on one partition, in the order in which the messages came.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import orjson

from tests.chaos.findings import Findings
from tests.chaos.reader import Read

OUTCOME_TOPICS = ("release", "inspection", "revenue")
FIRST = frozenset({"assessment", "amendment"})
INNER_TOPICS = frozenset({b"parcels", b"assessments"})
ENVELOPED_PARCEL_ID = {
    b"parcels": lambda item: item[1]["parcel_id"],
    b"assessments": lambda i: i[1],
}

Records = Mapping[str, Sequence[Read]]
Version = tuple[str, str, str, int]
"""Carrier, manifest id, parcel id, version."""
Part = tuple[str, str, int, int]
"""Carrier, manifest id, version, part."""


class Answered(NamedTuple):
    """A manifest message with the acknowledgement it got."""

    part: Part
    parcels: Sequence[Any]
    answer: Mapping[str, Any]
    refused: bool
    """As a whole: nothing of it was taken in."""


class End(NamedTuple):
    """What became of a parcel version."""

    kind: str
    """`release`, `inspection`, `revenue`, `rejected`, `refused late` or `dead-lettered`."""
    event_number: int = 0
    """Of a decision."""


REJECTED = End("rejected")
REFUSED_LATE = End("refused late")
DEAD_LETTERED = End("dead-lettered")


class Accounts:
    """What stands on the public topics, by parcel version."""

    def __init__(self, records: Records, findings: Findings) -> None:
        self.findings = findings
        self.announced: Counter[Version] = Counter()
        self.ends: defaultdict[Version, list[End]] = defaultdict(list)
        self.answered: list[Answered] = []
        self.letters: Counter[tuple[str, int, int]] = Counter()
        """Dead letters by source topic, partition and offset."""
        self._answers: defaultdict[Part, list[Mapping[str, Any]]] = defaultdict(list)
        self._add_dead_letters(records.get("dead-letters", ()))
        self._add_answers(records.get("acknowledgements", ()))
        self._add_manifests(records.get("manifests", ()))
        self._add_first_decisions(records)

    def close(self) -> None:
        """Compare announcements with ends."""
        for version in self.announced.keys() | self.ends.keys():
            announced, ends = self.announced[version], self.ends.get(version, [])
            text = "{}/{}, {} version {}: announced {} times, ends: {}".format(
                *version, announced, ", ".join(end.kind for end in ends) or "none"
            )
            if len(ends) < announced:
                self.findings.add("lost", announced - len(ends), text)
            decided = sum(end.kind in OUTCOME_TOPICS for end in ends)
            doubled = max(len(ends) - announced, decided - 1)
            if doubled > 0:
                self.findings.add("doubled", doubled, text)
                if _contradict(ends):
                    self.findings.add("contradictory", 1, text)

    def _add_dead_letters(self, letters: Sequence[Read]) -> None:
        for letter in letters:
            headers = dict(letter.headers)  # of equal names the last one: those of the system
            topic = headers["source_topic"]
            place = (
                topic.decode(),
                int(headers["source_partition"]),
                int(headers["source_offset"]),
            )
            if topic not in INNER_TOPICS:
                self.letters[place] += 1
                continue
            for item in msgspec.msgpack.decode(letter.value or b""):
                carrier, manifest_id, version = item[0][:3]
                parcel_id = ENVELOPED_PARCEL_ID[topic](item)
                self.ends[carrier, manifest_id, parcel_id, version].append(DEAD_LETTERED)
                self.findings.dead_lettered += 1

    def _add_answers(self, answers: Sequence[Read]) -> None:
        for record in answers:
            answer = orjson.loads(record.value or b"")
            carrier, version = answer["carrier"], answer["version"]
            if answer["part"]:
                part = (carrier, answer["manifest_id"], version, answer["part"])
                self._answers[part].append(answer)
            else:  # of no part: `decide` takes an accepted parcel back
                parcel_id = answer["faults"][0]["parcel_id"]
                manifest_id = answer["manifest_id"]
                self.ends[carrier, manifest_id, parcel_id, version].append(REFUSED_LATE)
                self.findings.refused_late += 1
                self.findings.rejected += 1

    def _add_manifests(self, messages: Sequence[Read]) -> None:
        contents: defaultdict[Part, set[bytes]] = defaultdict(set)
        for message in messages:
            letters = self.letters[message.topic, message.partition, message.offset]
            if letters:
                self._add_unreadable(message, letters)
                continue
            part, parcels = _open(message)
            if part is None:
                self.findings.announced += parcels_in_headers(message)
                place = f"{message.partition}@{message.offset}"
                self.findings.add("lost", parcels_in_headers(message), f"unreadable: {place}")
                continue
            self._match(message, part, parcels, contents[part])
        for part, answers in self._answers.items():
            for answer in answers:
                self.findings.rejected += 0 if answer["duplicate"] else answer["rejected_parcels"]
                self.findings.add(
                    "doubled", answer["announced_parcels"], f"an answer too many to {part}"
                )

    def _add_unreadable(self, message: Read, letters: int) -> None:
        parcels = parcels_in_headers(message)
        self.findings.announced += parcels
        self.findings.dead_lettered += letters * parcels
        if letters > 1:
            place = f"{message.topic}-{message.partition}@{message.offset}"
            self.findings.add("doubled", (letters - 1) * parcels, f"{letters} letters for {place}")

    def _match(
        self, message: Read, part: Part, parcels: Sequence[Any], contents: set[bytes]
    ) -> None:
        if not self._answers[part]:
            self.findings.announced += len(parcels)
            self.findings.add("lost", len(parcels), f"no answer to {part}")
            return
        answer = self._answers[part].pop(0)
        value = message.value or b""
        if answer["duplicate"] and value in contents:
            self.findings.repeated_messages += 1
            return
        self.findings.announced += len(parcels)
        if answer["duplicate"]:
            self.findings.add("contradictory", len(parcels), f"{part} is new, but called a repeat")
        elif answer["announced_parcels"] != len(parcels):
            self.findings.add("contradictory", 1, f"{part}: counts differ")
        elif _instant_ms(answer["received_at"]) != message.timestamp_ms:
            self.findings.add("out_of_order", 1, f"{part}: an answer to another message")
        contents.add(value)
        self.findings.rejected += answer["rejected_parcels"]
        refused = {_position(fault) for fault in answer["faults"] if fault["severity"] == "error"}
        whole = None in refused
        self.findings.refused_messages += whole
        for position, parcel in enumerate(parcels):
            parcel_id = parcel.get("parcel_id") if isinstance(parcel, dict) else None
            version = (part[0], part[1], parcel_id, part[2])
            self.announced[version] += 1
            if whole or position in refused:
                self.ends[version].append(REJECTED)
        self.answered.append(Answered(part, parcels, answer, whole))

    def _add_first_decisions(self, records: Records) -> None:
        for topic in OUTCOME_TOPICS:
            for record in records.get(topic, ()):
                decision = orjson.loads(record.value or b"")
                if decision["cause"] not in FIRST:
                    continue
                parcel = decision["carrier"], decision["manifest_id"], decision["parcel_id"]
                version = (*parcel, decision["parcel_version"])
                self.ends[version].append(End(topic, decision["event_number"]))
                setattr(self.findings, topic, getattr(self.findings, topic) + 1)


def _contradict(ends: Sequence[End]) -> bool:
    """Whether ends say different things. Two records of one event are compared elsewhere."""
    numbers = {end.event_number for end in ends}
    return len({end.kind for end in ends}) > 1 and (len(numbers) > 1 or 0 in numbers)


def parcels_in_headers(record: Read) -> int:
    """How many parcels the sender says are in a message."""
    return next((int(value) for name, value in record.headers if name == "parcels"), 1)


def _open(message: Read) -> tuple[Part | None, Sequence[Any]]:
    try:
        document = orjson.loads(message.value or b"")
        part = (
            document["carrier"],
            document["manifest_id"],
            document.get("version", 1),
            document.get("part", 1),
        )
        return part, document["parcels"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None, ()


def _position(fault: Mapping[str, Any]) -> int | None:
    """Position of the parcel a fault concerns; None: the whole message."""
    _, _, rest = fault["pointer"].partition("/parcels/")
    return int(rest.partition("/")[0]) if rest else None


def _instant_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
