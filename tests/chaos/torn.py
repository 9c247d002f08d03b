"""Outputs, memories and positions are committed together or not at all: they must agree.

The changelogs are read by their documented format (docs/stream.md): keys `s` + state key with the
msgpack of (expiry, value), keys `p` + input topic with that of (next offset, event time).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.chaos.accounts import Accounts, Records
from tests.chaos.events import ENDS, Events
from tests.chaos.findings import Findings
from tests.chaos.lifecycle import Lifecycle, demand_of, is_told

ROOM_INPUTS = {
    "intake": ("manifests",),
    "assess": ("parcels", "reversals"),
    "decide": (
        *("assessments", "filings", "inspections", "payments", "movements"),
        *("cancellations", "account-slices"),
    ),
    "accounts": ("accounts", "account-requests"),
    "score": ("measurements",),
}
OUTCOMES_OF_STATE = {
    1: {"inspection"},
    2: {"revenue"},
    3: {"revenue"},
    4: {"release"},
    5: {"refused"},
    6: {"", *ENDS},
    7: {"cancelled"},
    8: ENDS - {"cancelled"},
}
"""Of the last event; empty: there is none."""
EXPECTED = 6
"""Scanned, and without data, or with such as were cancelled."""
EXPOSURES_MAX = 200
DEADLINE = b"s~"
"""So begin the keys of deadlines, which are no cases and no manifests."""


def check_memories(
    records: Records,
    accounts: Accounts,
    events: Events,
    lifecycle: Lifecycle,
    findings: Findings,
) -> None:
    """Compare what each room remembers with what it wrote."""
    _check_cases(_memory(records, "decide"), events, lifecycle, findings)
    _check_manifests(_memory(records, "intake"), accounts, findings)
    _check_exposures(_memory(records, "assess"), events, findings)
    _check_scores(_memory(records, "score"), accounts, findings)


def check_positions(
    records: Records, offsets: Mapping[tuple[str, int], int], findings: Findings
) -> None:
    """Positions beside the memories, the group's offsets and the ends of the topics agree."""
    stored: dict[tuple[str, int], int] = {}
    for room in ROOM_INPUTS:
        for record in records.get(f"{room}-changelog", ()):
            if record.key and record.key.startswith(b"p") and record.value is not None:
                place = (record.key[1:].decode(), record.partition)
                stored[place], _ = msgspec.msgpack.decode(record.value)
    ends: defaultdict[tuple[str, int], int] = defaultdict(int)
    for inputs in ROOM_INPUTS.values():
        for topic in inputs:
            for record in records.get(topic, ()):
                ends[topic, record.partition] = record.offset + 1
    for place in sorted(stored.keys() | ends.keys() | offsets.keys()):
        kept, committed, end = stored.get(place, 0), max(offsets.get(place, 0), 0), ends[place]
        if kept != committed:
            text = f"{place}: the memory stands at {kept}, the group at {committed}"
            findings.add("torn", 1, text)
        elif kept != end:
            findings.add("torn", 1, f"{place}: worked on up to {kept}, the topic ends at {end}")


def _memory(records: Records, room: str) -> dict[str, Any]:
    """The last value of each key of a room, without its expiry."""
    memory: dict[str, Any] = {}
    for record in records.get(f"{room}-changelog", ()):
        if not record.key or not record.key.startswith(b"s") or record.key.startswith(DEADLINE):
            continue
        key = record.key[1:].decode()
        if record.value is None:
            memory.pop(key, None)
        else:
            memory[key] = msgspec.msgpack.decode(record.value)[1]
    return memory


def _check_cases(
    cases: Mapping[str, Any], events: Events, lifecycle: Lifecycle, findings: Findings
) -> None:
    # What begins with a slash is no case: slices of accounts, and what waits for them.
    own = {key for key in cases if not key.startswith("/")}
    for parcel in own | events.keys() | lifecycle.moved.keys():
        case, last = cases.get(parcel), events[parcel][-1] if parcel in events else None
        if case is None:
            findings.add("torn", 1, f"{parcel} has no case")
            continue
        (state, version, _, number), moved = case[:4], case[9]
        published = (last.version, last.number) if last else (0, 0)
        outcome, scanned = last.outcome if last else "", lifecycle.moved.get(parcel, 0)
        if (version, number) != published or outcome not in OUTCOMES_OF_STATE[state]:
            text = f"case {state, version, number}, last event {*published, outcome}"
            findings.add("torn", 1, f"{parcel}: {text}")
        if moved != scanned:
            findings.add("torn", 1, f"{parcel}: scanned up to {scanned}, remembered {moved}")
        elif state == EXPECTED and not is_told(lifecycle, parcel, demand_of(moved).__eq__):
            findings.add("torn", 1, f"{parcel} is expected, and nobody was told")


def _check_manifests(seen: Mapping[str, Any], accounts: Accounts, findings: Findings) -> None:
    """Of each manifest the newest version taken in, with the announced parcels of its parts."""
    expected: dict[str, tuple[int, dict[int, int]]] = {}
    for part, parcels, answer, refused in accounts.answered:
        if refused or answer["duplicate"]:
            continue
        key = f"{part[0]}/{part[1]}"
        version, parts = expected.get(key, (0, {}))
        if part[2] >= version:
            parts = parts if part[2] == version else {}
            expected[key] = part[2], {**parts, part[3]: len(parcels)}
    for key in expected.keys() | seen.keys():
        kept = seen.get(key)
        found = (kept[0], {part: answer[3] for part, answer in kept[4].items()}) if kept else None
        if found != expected.get(key):
            text = f"manifest {key}: remembered {found}, acknowledged {expected.get(key)}"
            findings.add("torn", 1, text)


def _check_exposures(exposures: Mapping[str, Any], events: Events, findings: Findings) -> None:
    """Of each parcel, the announcement that holds is remembered with its consignee, and no other.

    Of one that was assessed and refused late, and of one that ended early, none is.
    """
    remembered: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for (entries,) in exposures.values():
        for case_key, _, _, _, version, manifest_id in entries:
            remembered[case_key].append((manifest_id, version))
    full = any(len(entries) >= EXPOSURES_MAX for (entries,) in exposures.values())
    for parcel in remembered.keys() | events.keys():
        last = events[parcel][-1] if parcel in events else None
        holds = [(last.manifest_id, last.version)] if last and last.outcome not in ENDS else []
        kept = remembered.get(parcel, [])
        if kept != holds and not (full and not kept):
            text = f"{parcel}: counts for its consignee with {kept}, {holds} holds"
            findings.add("torn", 1, text)


def _check_scores(subjects: Mapping[str, Any], accounts: Accounts, findings: Findings) -> None:
    """Of each carrier the announced parcels, repeats once, are those of its 30 days."""
    announced: Counter[str] = Counter()
    for part, parcels, answer, _ in accounts.answered:
        if not answer["duplicate"]:
            announced[f"carrier/{part[0]}"] += len(parcels)
    scored = {
        subject: sum(counts[0] for counts in buckets["30d"].values())
        for subject, (_, buckets) in subjects.items()
        if subject.startswith("carrier/")
    }
    for subject in sorted(announced.keys() | scored.keys()):
        if scored.get(subject, 0) != announced[subject]:
            text = f"{subject}: scored {scored.get(subject, 0)}, announced {announced[subject]}"
            findings.add("torn", 1, text)
