"""Cancellations and scans: each with its one effect, and no move that the case did not allow.

In which order a room takes messages of several topics stands nowhere, so what is judged holds in
every order: the events of a parcel say what its cancellation found, and its notices stand on one
partition in the order in which they were told.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import orjson

from tests.chaos.accounts import Records
from tests.chaos.events import ENDS, Event, Events
from tests.chaos.findings import Findings

STAGES = {"departed": 1, "arrived": 2, "presented": 3}
DEMANDS = ("data_demanded", "held_without_data")
CLOSED_TO_CANCELLATIONS = ("inspection", "refused")
"""Outcomes of events: an officer is to see the goods, or has seen them."""
CAME_LATE = "came after it was scanned"
"""So ends the reason of a first decision whose data had been demanded."""

Letters = Mapping[tuple[str, int, int], int]
Key = tuple[str, str]
"""Parcel, and the id of a message about it."""


class Lifecycle(NamedTuple):
    """What was sent about parcels, and told of them."""

    cancellations: Mapping[Key, Sequence[Mapping[str, Any]]]
    """Messages with the same id are repeats."""
    scans: Mapping[Key, str]
    """Their kinds."""
    moved: Mapping[str, int]
    """How far each parcel was scanned: the number of its last stage."""
    notices: Mapping[str, Sequence[Mapping[str, Any]]]
    """By parcel, in order."""


def check_lifecycle(
    records: Records, letters: Letters, events: Events, findings: Findings
) -> Lifecycle:
    """Check what was told of parcels against what was sent about them; returns both."""
    scans = {
        (parcel, scan["movement_id"]): scan["kind"]
        for parcel, scan in _messages(records, "movements", letters)
    }
    cancellations: defaultdict[Key, list[Any]] = defaultdict(list)
    for parcel, message in _messages(records, "cancellations", letters):
        cancellations[parcel, message["cancellation_id"]].append(message)
    moved: defaultdict[str, int] = defaultdict(int)
    for (parcel, _), kind in scans.items():
        moved[parcel] = max(moved[parcel], STAGES[kind])
    notices: defaultdict[str, list[Any]] = defaultdict(list)
    for record in records.get("notices", ()):
        notice = orjson.loads(record.value or b"")
        if notice.get("parcel_id"):
            notices[f"{notice['carrier']}/{notice['parcel_id']}"].append(notice)
    lifecycle = Lifecycle(cancellations, scans, moved, notices)
    _check_answers(lifecycle, events, findings)
    _check_demands(lifecycle, events, findings)
    for parcel, found in events.items():
        _check_moves(parcel, found, findings)
    return lifecycle


def _messages(
    records: Records, topic: str, letters: Letters
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Those that did not become dead letters."""
    for record in records.get(topic, ()):
        if not letters.get((topic, record.partition, record.offset)):
            yield (record.key or b"").decode(), orjson.loads(record.value or b"")


def _told(lifecycle: Lifecycle, kinds: Sequence[str]) -> Counter[Key]:
    return Counter(
        (parcel, notice["causing_id"])
        for parcel, notices in lifecycle.notices.items()
        for notice in notices
        if notice["kind"] in kinds
    )


def _check_answers(lifecycle: Lifecycle, events: Events, findings: Findings) -> None:
    """A cancellation ends a case once, or is refused; only where there is nothing left, neither.

    One that was refused may be sent again, and is answered again.
    """
    ended, refused = _told(lifecycle, ["cancelled"]), _told(lifecycle, ["cancellation_refused"])
    for key in lifecycle.cancellations.keys() | ended.keys() | refused.keys():
        messages = lifecycle.cancellations.get(key, ())
        answers = ended[key] + refused[key]
        excess = max(ended[key] - 1, answers - len(messages))
        if excess > 0:
            findings.add("doubled", excess, f"cancellation {key} has {answers} answers")
        if answers < len(messages) and not _is_ended(events.get(key[0], ())):
            findings.add("lost", len(messages) - answers, f"cancellation {key} has no answer")
    for parcel, notices in lifecycle.notices.items():
        held = False
        for notice in notices:
            held = held or notice["kind"] == "held_without_data"
            why = _why_wrong(notice, parcel, lifecycle, events.get(parcel, ()), held=held)
            if why:
                findings.add("contradictory", 1, f"{parcel}: {why}")


def _is_ended(found: Sequence[Event]) -> bool:
    return any(event.outcome in ENDS for event in found)


def _why_wrong(
    notice: Mapping[str, Any],
    parcel: str,
    lifecycle: Lifecycle,
    found: Sequence[Event],
    *,
    held: bool,
) -> str:
    """What an answer to a cancellation says that cannot be; empty if it can, or is none."""
    messages = lifecycle.cancellations.get((parcel, notice.get("causing_id", "")), ())
    if notice["kind"] == "cancelled":
        named = notice["manifest_id"], notice["parcel_version"]
        if not notice.get("event_number"):
            return "a cancellation that is no event"
        if named not in [(message["manifest_id"], message["version"]) for message in messages]:
            return f"a cancellation of {named}, which nobody sent"
        return "cancelled, though it had to be held" if held else ""
    if notice["kind"] == "cancellation_refused":
        allowed = lifecycle.moved.get(parcel) or any(
            event.outcome in CLOSED_TO_CANCELLATIONS or _is_other(event, message)
            for event in found
            for message in messages
        )
        return "" if allowed else "a cancellation was refused without a reason"
    return ""


def _is_other(event: Event, cancellation: Mapping[str, Any]) -> bool:
    """Whether the cancellation does not name what the event stands on."""
    same = event.manifest_id == cancellation["manifest_id"]
    return not same or event.version > cancellation["version"]


def _check_demands(lifecycle: Lifecycle, events: Events, findings: Findings) -> None:
    """A scan of a parcel without data demands them, once, as strongly as it must."""
    told = _told(lifecycle, DEMANDS)
    for key, count in told.items():
        if count > 1 or key not in lifecycle.scans:
            findings.add("doubled", count - (key in lifecycle.scans), f"scan {key}: told {count}")
    for parcel, notices in lifecycle.notices.items():
        for notice in notices:
            kind = lifecycle.scans.get((parcel, notice.get("causing_id", "")))
            if kind and notice["kind"] != demand_of(STAGES[kind]):
                findings.add("contradictory", 1, f"{parcel} {kind}: {notice['kind']}")
    for parcel, found in events.items():
        late = found[0].number == 1 and CAME_LATE.encode() in found[0].value
        if late and not is_told(lifecycle, parcel, DEMANDS.__contains__):
            findings.add("lost", 1, f"{parcel}: its data came late, and were not demanded")


def demand_of(stage: int) -> str:
    """The notice that a scan of a parcel without data leads to."""
    return DEMANDS[stage >= STAGES["arrived"]]


def is_told(lifecycle: Lifecycle, parcel: str, is_kind: Callable[[str], bool]) -> bool:
    """Whether there is a notice of such a kind about a parcel."""
    return any(is_kind(notice["kind"]) for notice in lifecycle.notices.get(parcel, ()))


def _check_moves(parcel: str, found: Sequence[Event], findings: Findings) -> None:
    """No event that the one before it does not allow; a missing one is reported elsewhere."""
    seen = False
    for before, event in pairwise([None, *found]):
        assert event is not None
        if event.number != (before.number + 1 if before else 1):
            continue
        open_before = before is not None and before.outcome not in ENDS
        what = f"{parcel}: {event.outcome} (event {event.number})"
        if event.cause == "assessment" and open_before:
            findings.add("doubled", 1, f"{what} is decided anew, though its case is open")
        elif event.outcome in ENDS:
            why = _why_not(before, event, seen=seen)
            if why:
                findings.add("contradictory", 1, f"{what}, though {why}")
        elif event.cause != "assessment" and not open_before:
            findings.add("contradictory", 1, f"{what} for a case that is not open")
        elif before and not open_before and not _is_other(event, _as_cancellation(before)):
            findings.add("contradictory", 1, f"{what}, though this version was cancelled")
        seen = event.cause == "inspection_result" or (seen and event.cause != "assessment")


def _why_not(before: Event | None, end: Event, *, seen: bool) -> str:
    """Why a case could not end here; empty if it could."""
    if before is None:
        return ""
    if seen or before.outcome in CLOSED_TO_CANCELLATIONS:
        return "an officer has seen it, or is to see it"
    if _is_other(before, _as_cancellation(end)):
        return "it stands on another manifest, or a newer version"
    if before.outcome in ENDS and end.version <= before.version:
        return "it has ended before"
    return ""


def _as_cancellation(event: Event) -> Mapping[str, Any]:
    return {"manifest_id": event.manifest_id, "version": event.version}
