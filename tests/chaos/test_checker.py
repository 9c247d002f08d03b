"""The checker is itself checked: true records pass, each falsified record is reported."""

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import orjson
import pytest

from pipeline.app import build_dry_run
from pipeline.sandbox.carriers.simulate import Mix, simulate
from pipeline.settings import Settings
from tests.chaos.accounts import OUTCOME_TOPICS
from tests.chaos.checker import check
from tests.chaos.findings import Findings
from tests.chaos.load import Sent
from tests.chaos.oracle import TOPICS
from tests.chaos.reader import Read

PARCELS = 1_200
MIX = Mix(faulty=0.05, repeat=0.3, conflict=0.2, corrupt=0.2)
WRONG = ("lost", "doubled", "contradictory", "out_of_order", "torn")


class Truth(NamedTuple):
    """What the rooms really wrote for some manifests, payments and inspection results."""

    sent: list[Sent]
    records: dict[str, list[Read]]
    offsets: dict[tuple[str, int], int]

    def check(self) -> Findings:
        return check(self.sent, self.records, self.offsets)

    def find(self, topic: str, where: Callable[[Any], object] = bool) -> int:
        """Index of the first record whose JSON satisfies a condition."""
        return next(n for n, r in enumerate(self.records[topic]) if where(orjson.loads(r.value)))

    def once_more(self, topic: str, index: int, **changes: Any) -> None:
        """Append a copy of a record, with other JSON fields."""
        record = self.records[topic][index]
        value = {**orjson.loads(record.value or b""), **changes}
        offset = self.records[topic][-1].offset + 1
        self.records[topic].append(record._replace(offset=offset, value=orjson.dumps(value)))


@pytest.fixture(scope="module")
def written() -> dict[str, list[Read]]:
    """All topics after a run of the rooms in memory, with answers to held parcels."""
    stream = build_dry_run(Settings())
    for second, message in enumerate(simulate(PARCELS, 4, MIX)):
        stream.publish(
            "manifests",
            key=message.key,
            value=message.value,
            timestamp_ms=1_780_000_000_000 + second * 1000,
            headers=[("parcels", b"%d" % message.parcels)],
        )
        stream.run_until_idle()
    for name in ("inspection", "revenue"):
        for record in stream.read(name)[:5]:
            for topic, answer in answers(orjson.loads(record.value or b"")):
                value = orjson.dumps(answer)
                stream.publish(topic, key=record.key, value=value, timestamp_ms=1_780_009_000_000)
                stream.run_until_idle()
    return {topic: [Read(*record[:7]) for record in stream.read(topic)] for topic in TOPICS}


def answers(decision: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """A compliant inspection, or a payment in two parts, and one too many."""
    parcel = {"carrier": decision["carrier"], "parcel_id": decision["parcel_id"]}
    if decision["outcome"] == "inspection":
        result = {"result_id": "R1", "verdict": "compliant", "officer": "o"}
        return [("inspections", {**parcel, **result, "inspected_at": decision["occurred_at"]})]
    due = Decimal(decision["revenue"]["unsecured_due"])
    payment = {**parcel, "currency": decision["revenue"]["currency"]}
    payment["paid_at"] = decision["occurred_at"]
    return [
        ("payments", {**payment, "payment_id": "P1", "amount": "0.01"}),
        ("payments", {**payment, "payment_id": "P2", "amount": str(due - Decimal("0.01"))}),
        ("payments", {**payment, "payment_id": "P3", "amount": "0.02"}),
    ]


@pytest.fixture
def truth(written: dict[str, list[Read]]) -> Truth:
    records = {topic: list(found) for topic, found in written.items()}
    sent = [
        Sent(r.topic, r.partition, r.offset, r.key, r.value, 1)
        for topic in ("manifests", "inspections", "payments")
        for r in records[topic]
    ]
    inputs = (
        *("manifests", "parcels", "measurements", "reversals"),
        *("assessments", "inspections", "payments"),
    )
    offsets = {(topic, 0): len(records[topic]) for topic in inputs}
    return Truth(sent, records, offsets)


def test_the_truth_passes_and_has_everything_in_it(truth: Truth):
    found = truth.check()
    assert not found.words
    assert found.difference == 0
    assert found.announced >= PARCELS
    assert min(found.release, found.inspection, found.revenue) > 0
    assert min(found.rejected, found.dead_lettered) > 0
    answers = [orjson.loads(r.value or b"") for r in truth.records["acknowledgements"]]
    assert any(answer["duplicate"] for answer in answers)


def only_event(truth: Truth) -> int:
    answered = {r.key for t in ("inspections", "payments") for r in truth.records[t]}
    found = enumerate(truth.records["release"])
    return next(n for n, record in found if record.key not in answered)


def drop_decision(truth: Truth):
    del truth.records["release"][only_event(truth)]


def repeat_decision(truth: Truth):
    truth.once_more("release", only_event(truth))


def decide_otherwise(truth: Truth):
    truth.once_more("release", only_event(truth), reason="another")


def decide_anew(truth: Truth):
    """The same version decided twice, as two events."""
    first = orjson.loads(truth.records["release"][only_event(truth)].value or b"")
    follows = {"event_number": 2, "event_id": "e2", "supersedes": first["event_id"]}
    truth.once_more("release", only_event(truth), **follows)


def decide_a_refused_parcel(truth: Truth):
    index = truth.find("acknowledgements", lambda a: a["status"] == "partly_rejected")
    answer = orjson.loads(truth.records["acknowledgements"][index].value or b"")
    fault = next(fault for fault in answer["faults"] if fault["severity"] == "error")
    decided = {"carrier": answer["carrier"], "parcel_id": fault["parcel_id"]}
    truth.once_more("release", only_event(truth), **decided)


def swap_events(truth: Truth):
    """Two events of one parcel on one topic change places."""
    events = truth.records["revenue"]
    later = truth.find("revenue", lambda d: d["cause"] == "payment" and d["event_number"] == 2)
    first = next(n for n, record in enumerate(events) if record.key == events[later].key)
    events[first], events[later] = events[later], events[first]


def swap_answers(truth: Truth):
    """Two answers with the same counts to two messages of one part change places."""
    index = truth.find("acknowledgements", lambda answer: not answer["duplicate"])
    record = truth.records["acknowledgements"][index]
    value = {**orjson.loads(record.value or b""), "received_at": "2026-07-06T00:00:00Z"}
    truth.records["acknowledgements"][index] = record._replace(value=orjson.dumps(value))


def drop_later_event(truth: Truth):
    del truth.records["revenue"][truth.find("revenue", lambda d: d["event_number"] == 2)]


def repeat_later_event(truth: Truth):
    truth.once_more("revenue", truth.find("revenue", lambda d: d["event_number"] == 2))


def drop_answer(truth: Truth):
    index = truth.find(
        "acknowledgements", lambda answer: answer["part"] and not answer["duplicate"]
    )
    del truth.records["acknowledgements"][index]


def repeat_answer(truth: Truth):
    truth.once_more("acknowledgements", 0)


def call_new_a_repeat(truth: Truth):
    index = truth.find("acknowledgements", lambda answer: not answer["duplicate"])
    record = truth.records["acknowledgements"][index]
    value = {**orjson.loads(record.value or b""), "duplicate": True}
    truth.records["acknowledgements"][index] = record._replace(value=orjson.dumps(value))


def drop_dead_letter(truth: Truth):
    del truth.records["dead-letters"][0]


def repeat_dead_letter(truth: Truth):
    truth.records["dead-letters"].append(truth.records["dead-letters"][0])


def drop_refund(truth: Truth):
    del truth.records["notices"][truth.find("notices", lambda notice: "refund" in notice)]


def repeat_refund(truth: Truth):
    truth.once_more("notices", truth.find("notices", lambda notice: "refund" in notice))


def drop_acknowledged_message(truth: Truth):
    del truth.records["payments"][0]


def forget_case(truth: Truth):
    key = b"s" + (truth.records["release"][only_event(truth)].key or b"")
    changelog = truth.records["decide-changelog"]
    changelog[:] = [record for record in changelog if record.key != key]


def keep_an_older_case(truth: Truth):
    """All entries but the first of a case that moved are missing: outputs without their memory."""
    event = truth.find("revenue", lambda d: d["event_number"] == 2)
    key = b"s" + (truth.records["revenue"][event].key or b"")
    changelog = truth.records["decide-changelog"]
    first = next(n for n, record in enumerate(changelog) if record.key == key)
    changelog[first + 1 :] = [record for record in changelog[first + 1 :] if record.key != key]


def keep_a_case_without_decision(truth: Truth):
    changelog = truth.records["decide-changelog"]
    entry = next(record for record in changelog if (record.key or b"").startswith(b"s"))
    changelog.append(entry._replace(key=b"sNOBODY/NOTHING"))


def forget_manifest(truth: Truth):
    changelog = truth.records["intake-changelog"]
    changelog[:] = [record for record in changelog if not record.key.startswith(b"s")]


def forget_exposure(truth: Truth):
    changelog = truth.records["assess-changelog"]
    last = max(n for n, record in enumerate(changelog) if record.key.startswith(b"s"))
    changelog.append(changelog[last]._replace(value=None))


def forget_score(truth: Truth):
    """The last entry of a carrier is missing: a message that was scored is not remembered."""
    changelog = truth.records["score-changelog"]
    last = max(n for n, record in enumerate(changelog) if record.key.startswith(b"scarrier/"))
    del changelog[last]


def move_position_back(truth: Truth):
    changelog = truth.records["decide-changelog"]
    changelog.append(
        changelog[-1]._replace(key=b"passessments", value=msgspec.msgpack.encode((1, 0)))
    )


def move_group_forward(truth: Truth):
    truth.offsets["manifests", 0] += 1


def leave_input_unread(truth: Truth):
    last = truth.records["assessments"][-1]
    truth.records["assessments"].append(last._replace(offset=last.offset + 1))


FALSIFIED = {
    drop_decision: {"lost", "torn"},
    repeat_decision: {"doubled"},
    decide_otherwise: {"doubled", "contradictory"},
    decide_anew: {"doubled", "torn"},
    decide_a_refused_parcel: {"doubled", "contradictory", "torn"},
    swap_events: {"out_of_order"},
    swap_answers: {"out_of_order"},
    drop_later_event: {"lost"},
    repeat_later_event: {"doubled"},
    drop_answer: {"lost"},
    repeat_answer: {"doubled"},
    call_new_a_repeat: {"contradictory"},
    drop_dead_letter: {"lost"},
    repeat_dead_letter: {"doubled"},
    drop_refund: {"lost"},
    repeat_refund: {"doubled"},
    drop_acknowledged_message: {"lost"},
    forget_case: {"torn"},
    keep_an_older_case: {"torn"},
    keep_a_case_without_decision: {"torn"},
    forget_manifest: {"torn"},
    forget_exposure: {"torn"},
    forget_score: {"torn"},
    move_position_back: {"torn"},
    move_group_forward: {"torn"},
    leave_input_unread: {"torn"},
}


@pytest.mark.parametrize("falsify", FALSIFIED, ids=lambda falsify: falsify.__name__)
def test_a_falsified_record_is_reported(truth: Truth, falsify: Callable[[Truth], None]):
    falsify(truth)
    found = truth.check()
    reported = {kind for kind in WRONG if getattr(found, kind)}
    assert FALSIFIED[falsify] <= reported, found.words
    assert found.words


@pytest.mark.parametrize("topic", OUTCOME_TOPICS)
def test_each_missing_decision_is_counted(truth: Truth, topic: str):
    """Not only that something is lost: how much."""
    first: defaultdict[str, list[Read]] = defaultdict(list)
    for record in truth.records[topic]:
        first[orjson.loads(record.value or b"")["cause"]].append(record)
    truth.records[topic] = []
    assert truth.check().lost >= len(first["assessment"]) > 0
