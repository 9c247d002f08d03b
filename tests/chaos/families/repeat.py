"""Carriers send again: whole manifests, single parts, other content, at once and hours later.

Event time is moved honestly: in this installation `manifests` is declared with the senders'
timestamps (CreateTime), and the load stamps two days of them into a minute. The rooms see the same
record timestamps as they would in two real days; what is remembered expires by them.
"""

import heapq
import time
from collections.abc import Iterator, Sequence
from itertools import count
from random import Random
from typing import Any, NamedTuple

import msgspec
import orjson

from pipeline.contract.declarations import TopicDeclaration
from pipeline.sandbox.carriers.simulate import Mix
from tests.chaos.family import Family, Span, simulated
from tests.chaos.load import Message
from tests.chaos.run import Run

HOUR_MS = 3_600_000
EVENT_TIME_MS = 48 * HOUR_MS
"""Over which the parcels asked for are stamped; it ends a day before now."""
BEGIN_MS = 72 * HOUR_MS
APART_MS = 10 * 60_000
"""Parts of a manifest and immediate repeats come at most so far apart."""
LATER_MS = (1 * HOUR_MS, 24 * HOUR_MS)
REPEATED_SHARE = Span(brief=0.8, full=0.2)
"""A brief run has few manifests, and needs some of every kind."""
PARTS_MAX = 4
CLEAN = Mix(repeat=0, conflict=0, corrupt=0)
KINDS = ("whole", "one part", "other content", "under another id")
SAME_BYTES = ("whole", "one part")


class Due(NamedTuple):
    """A message and the event time at which it is sent."""

    at_ms: float
    number: int
    kind: str
    message: Message


def messages(run: Run) -> Iterator[Message]:
    """Manifests in parts, in any order, a fifth of them sent again in some way."""
    begin_ms = time.time() * 1000 - BEGIN_MS
    waiting: list[Due] = []
    sent: dict[str, int] = run.measures.setdefault("sent", dict.fromkeys(("original", *KINDS), 0))
    numbers = count()
    parcels = 0
    for message in simulated(run, CLEAN):
        now_ms = begin_ms + EVENT_TIME_MS * parcels / run.plan.parcels
        for at_ms, kind, due in schedule(message, now_ms, run.random, REPEATED_SHARE.of(run.plan)):
            heapq.heappush(waiting, Due(at_ms, next(numbers), kind, due))
        while waiting and waiting[0].at_ms <= now_ms:
            due = heapq.heappop(waiting)
            parcels += due.message.parcels
            repeats = due.kind in SAME_BYTES
            yield due.message._replace(timestamp_ms=round(due.at_ms), repeats=repeats)
            sent[due.kind] += 1  # only now: the last one asked for is not sent
        parcels += 1  # while nothing is due, time goes on


def schedule(
    message: Message, now_ms: float, random: Random, repeated_share: float
) -> Iterator[tuple[float, str, Message]]:
    """When the parts of a manifest are sent, and what of it is sent again."""
    parts = in_parts(orjson.loads(message.value or b""), random.randint(1, PARTS_MAX))
    first = [now_ms + random.uniform(0, APART_MS) for _ in parts]
    for at_ms, part in zip(first, parts, strict=True):
        yield at_ms, "original", as_message(part)
    if random.random() >= repeated_share:
        return
    later_ms = random.choice([0.0, random.uniform(*LATER_MS)])
    kind = random.choice(KINDS)
    chosen = range(len(parts)) if kind == "whole" else [random.randrange(len(parts))]
    for index in chosen:
        at_ms = max(first) + later_ms + random.uniform(1, APART_MS)
        yield at_ms, kind, as_message(changed(parts[index], kind))


def in_parts(manifest: dict[str, Any], parts: int) -> Sequence[dict[str, Any]]:
    """A simulated message as a manifest of its own, in as many parts as it has parcels for."""
    parcels = manifest["parcels"]
    parts = min(parts, len(parcels))
    own = {
        **manifest,
        "manifest_id": f"{manifest['manifest_id']}-{manifest['part']}",
        "parts": parts,
        "declared_parcel_count": len(parcels),
    }
    return [{**own, "part": n + 1, "parcels": parcels[n::parts]} for n in range(parts)]


def changed(part: dict[str, Any], kind: str) -> dict[str, Any]:
    """What is sent again."""
    if kind == "other content":
        return {**part, "parcels": part["parcels"][:1], "conveyance_reference": "XX999"}
    if kind == "under another id":
        parcels = part["parcels"]
        own = {"manifest_id": f"{part['manifest_id']}-again", "parts": 1, "part": 1}
        return {**part, **own, "declared_parcel_count": len(parcels)}
    return part


def as_message(part: dict[str, Any]) -> Message:
    """A part as it travels."""
    key = f"{part['carrier']}/{part['manifest_id']}".encode()
    return Message(key, orjson.dumps(part), len(part["parcels"]))


async def inject(run: Run) -> None:
    """The load itself is the fault: wait for its end."""
    fault = run.faults.inject("a fifth of the manifests is sent again")
    await run.until(lambda: run.progress.announced >= run.plan.parcels, "the load is sent")
    fault.over()


async def conclude(run: Run) -> None:
    """Every repeat was recognised, and every other content refused."""
    sent, found = run.measures["sent"], run.findings
    again = sum(sent[kind] for kind in KINDS)
    same = sum(sent[kind] for kind in SAME_BYTES)
    (fault,) = run.faults.faults
    fault.count = again
    answers = f"{found.repeated_messages} answered as repeats, {found.refused_messages} refused"
    fault.confirm(again and found.repeated_messages, answers)
    run.expect(found.repeated_messages == same, f"{same} messages were repeats: {answers}")
    other = sent["other content"]
    run.expect(found.refused_messages == other, f"{other} had other content: {answers}")
    run.measures["parcels_refused_late"] = found.refused_late
    run.expect(found.refused_late or not sent["under another id"], "no parcel was refused late")


def with_senders_time(them: Sequence[TopicDeclaration]) -> Sequence[TopicDeclaration]:
    """The declarations, `manifests` with the timestamps of its senders."""
    return [
        msgspec.structs.replace(topic, timestamp_type="CreateTime")
        if topic.name == "manifests"
        else topic
        for topic in them
    ]


FAMILY = Family(
    name="repeat",
    summary="a fifth of the manifests is sent again, whole, in part or changed",
    load_s=Span(brief=3, full=60),
    inject=inject,
    conclude=conclude,
    messages=messages,
    topics=with_senders_time,
)
