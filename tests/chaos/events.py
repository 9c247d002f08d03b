"""The events of each parcel: in order, without gaps, each once, each answer with one effect."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import orjson

from tests.chaos.accounts import FIRST, OUTCOME_TOPICS, Records
from tests.chaos.findings import Findings
from tests.chaos.reader import Read

ENDS = frozenset({"cancelled", "closed_without_data", "closed_not_arrived"})
"""Kinds of notices that end a case, and so are events of it."""
FEEDBACK = frozenset({"inspection_result", "payment"})
WITHOUT_EVENT = ("after_release", "refused_entry", "case_ended", "other_currency")
"""Reasons for which a payment that comes late is refunded as a whole."""


class Event(NamedTuple):
    """One decision event, or a notice that ends the case, with the place it stands at."""

    topic: str
    partition: int
    offset: int
    number: int
    event_id: str
    supersedes: str
    version: int
    outcome: str
    cause: str
    causing_id: str
    value: bytes
    manifest_id: str


Events = Mapping[str, Sequence[Event]]
"""By `<carrier>/<parcel id>`, in order of the event numbers."""


def check_events(records: Records, findings: Findings) -> Events:
    """Check the events of each parcel against each other; returns them."""
    events: defaultdict[str, list[Event]] = defaultdict(list)
    for topic in OUTCOME_TOPICS:
        for record in records.get(topic, ()):
            parcel, event = _event(record)
            events[parcel].append(event)
    for record in records.get("notices", ()):
        notice = orjson.loads(record.value or b"")
        if notice.get("event_number"):
            events[f"{notice['carrier']}/{notice['parcel_id']}"].append(_end(record, notice))
    for parcel, found in events.items():
        _check_order(parcel, found, findings)
        found.sort(key=lambda event: event.number)
        _check_chain(parcel, found, findings)
    return events


def check_feedback(
    records: Records,
    letters: Mapping[tuple[str, int, int], int],
    events: Events,
    findings: Findings,
) -> None:
    """Each inspection result and payment has exactly one effect, or one dead letter.

    A payment that came too late has its effect in a notice: it is due for refund.
    """
    effects = Counter(
        (parcel, causing_id)
        for parcel, found in events.items()
        for causing_id, _ in {(e.causing_id, e.number) for e in found if e.cause in FEEDBACK}
    )
    effects.update(_refunded(records))
    known: set[tuple[str, str]] = set()
    for topic, id_name in (("inspections", "result_id"), ("payments", "payment_id")):
        for record in records.get(topic, ()):
            key = (record.key or b"").decode(), orjson.loads(record.value or b"")[id_name]
            dead = letters.get((topic, record.partition, record.offset), 0)
            known.add(key)
            if not effects[key] + dead:
                findings.add("lost", 1, f"{topic}: {key} has no effect")
            elif dead + min(effects[key], 1) > 1:
                findings.add("doubled", 1, f"{topic}: {key} has an effect and a dead letter")
    for key, count in effects.items():
        if count > 1 or key not in known:
            findings.add("doubled", count - (key in known), f"{key} has {count} effects")


def _refunded(records: Records) -> list[tuple[str, str]]:
    """Parcel and id of each payment that a notice alone speaks of."""
    payments = {
        ((record.key or b"").decode(), orjson.loads(record.value or b"")["payment_id"])
        for record in records.get("payments", ())
    }
    notices = (orjson.loads(record.value or b"") for record in records.get("notices", ()))
    told = [
        (f"{notice['carrier']}/{notice['parcel_id']}", notice.get("causing_id", ""))
        for notice in notices
        if is_refused_payment(notice)
    ]
    return [key for key in told if key in payments]


def is_refused_payment(notice: dict[str, Any]) -> bool:
    """Whether it says that a payment is given back as a whole, and no decision speaks of it."""
    return notice.get("refund", {}).get("reason") in WITHOUT_EVENT


def _event(record: Read) -> tuple[str, Event]:
    decision = orjson.loads(record.value or b"")
    return f"{decision['carrier']}/{decision['parcel_id']}", Event(
        record.topic,
        record.partition,
        record.offset,
        decision["event_number"],
        decision["event_id"],
        decision["supersedes"],
        decision["parcel_version"],
        decision["outcome"],
        decision["cause"],
        decision["causing_id"],
        record.value or b"",
        decision["manifest_id"],
    )


def _end(record: Read, notice: Mapping[str, Any]) -> Event:
    """A notice with an event number: its kind is the outcome, and what it tells of the cause."""
    return Event(
        record.topic,
        record.partition,
        record.offset,
        notice["event_number"],
        notice["notice_id"],
        notice.get("supersedes", ""),
        notice["parcel_version"],
        notice["kind"],
        notice["kind"],
        notice.get("causing_id", ""),
        record.value or b"",
        notice["manifest_id"],
    )


def _check_order(parcel: str, found: Sequence[Event], findings: Findings) -> None:
    """Within a topic numbers rise with offsets; all events stand on one partition number."""
    for before, after in pairwise(found):
        if before.topic == after.topic and before.number > after.number:
            findings.add("out_of_order", 1, f"{parcel}: {before.number} before {after.number}")
    if len({event.partition for event in found}) > 1:
        findings.add("out_of_order", 1, f"{parcel}: events on different partitions")


def _check_chain(parcel: str, found: Sequence[Event], findings: Findings) -> None:
    """Numbers 1, 2, 3, ..., each once, each naming the event before it."""
    last: Event | None = None
    for event in found:
        if last and event.number == last.number:
            text = f"{parcel}: event {event.number} stands twice"
            if event.value != last.value:
                findings.add("contradictory", 1, f"{text} and says different things")
            elif event.cause not in FIRST:  # first decisions are counted by the accounts
                findings.add("doubled", 1, text)
            continue
        expected = last.number + 1 if last else 1
        if event.number != expected:
            findings.add("lost", event.number - expected, f"{parcel}: no event {expected}")
        elif event.supersedes != (last.event_id if last else ""):
            findings.add("contradictory", 1, f"{parcel}: event {event.number} follows another")
        last = event
