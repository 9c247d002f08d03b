"""What the oracle says of cancellations and scans: nothing of true ones, all of falsified ones."""

from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import pytest

from tests.chaos.accounts import OUTCOME_TOPICS
from tests.chaos.lives import World, key_of, lived
from tests.chaos.load import Sent
from tests.chaos.oracle import TOPICS
from tests.chaos.reader import Read
from tests.chaos.test_checker import WRONG, Truth

SENT = ("manifests", "cancellations", "movements", "payments", "inspections")
INNER = ("parcels", "measurements", "reversals", "assessments")


@pytest.fixture(scope="module")
def world() -> World:
    return lived()


@pytest.fixture
def truth(world: World) -> Truth:
    records = {t: [Read(*r[:7]) for r in world.stream.read(t)] for t in TOPICS}
    sent = [
        Sent(r.topic, r.partition, r.offset, r.key, r.value, 1) for t in SENT for r in records[t]
    ]
    return Truth(sent, records, {(t, 0): len(records[t]) for t in (*SENT, *INNER)})


def test_true_records_of_every_kind_of_life_are_not_reported(world: World, truth: Truth):
    """Repeats without an effect, refusals told again, and parcels that nobody announces."""
    assert not truth.check().words
    lives: dict[str, list[str]] = {key: [] for key in world.keys}
    for record in truth.records["notices"]:
        notice = orjson.loads(record.value or b"")
        lives.setdefault((record.key or b"").decode(), []).append(notice["kind"])
    found = {name: " ".join(lives[key]) for name, key in world.named.items()}
    assert found == {
        "forestalled": "cancelled",
        "forestalled and here": "cancelled data_demanded",
        "late": "data_demanded",
        "late and here": "held_without_data cancellation_refused",
        "twice": "cancelled",
        "departed": "cancelled",
        "arrived": "cancellation_refused cancellation_refused",
        "came": "cancelled held_without_data",
        "anew": "cancelled",
        "scanned": "",
        "selected": "cancellation_refused cancellation_refused",
        "owing": "cancelled",
        "paid": "refund_due refund_due cancelled",
        "inspected": "cancellation_refused",
        "open": "",
        "never": "data_demanded held_without_data",
    }


class Hand:
    """Falsifies records about the parcels of a world."""

    def __init__(self, world: World, truth: Truth) -> None:
        self.named = world.named
        self.truth = truth
        self.notices = truth.records["notices"]

    def notice(self, name: str, kind: str) -> int:
        """Index of the first notice of a kind about a parcel."""
        return self.truth.find("notices", lambda n: n["kind"] == kind and self.is_of(name, n))

    def is_of(self, name: str, message: dict[str, Any]) -> bool:
        return "parcel_id" in message and key_of(message) == self.named[name]

    def change(self, name: str, kind: str, /, **changes: Any) -> None:
        index = self.notice(name, kind)
        value = {**orjson.loads(self.notices[index].value or b""), **changes}
        self.notices[index] = self.notices[index]._replace(value=orjson.dumps(value))

    def end(self, name: str) -> None:
        """In place of a refusal, a notice that ends the case."""
        decisions = (
            orjson.loads(record.value or b"")
            for topic in OUTCOME_TOPICS
            for record in self.truth.records[topic]
        )
        own = [decision for decision in decisions if self.is_of(name, decision)]
        last = max(own, key=lambda decision: decision["event_number"])
        self.change(
            name,
            "cancellation_refused",
            kind="cancelled",
            notice_id="e",
            event_number=last["event_number"] + 1,
            supersedes=last["event_id"],
            manifest_id=last["manifest_id"],
            parcel_version=last["parcel_version"],
        )

    def go_on(self, name: str, **changes: Any) -> None:
        """After its end, the release of a parcel once more."""
        ended = orjson.loads(self.notices[self.notice(name, "cancelled")].value or b"")
        follows = {"event_number": ended["event_number"] + 1, "supersedes": ended["notice_id"]}
        index = self.truth.find("release", lambda d: self.is_of(name, d))
        self.truth.once_more("release", index, event_id="e", **follows, **changes)

    def case(self, name: str) -> list[int]:
        """Indices of the entries of a case."""
        key = b"s" + self.named[name].encode()
        changelog = self.truth.records["decide-changelog"]
        return [n for n, record in enumerate(changelog) if record.key == key]


def drop_end(hand: Hand):
    del hand.notices[hand.notice("twice", "cancelled")]


def repeat_end(hand: Hand):
    hand.notices.append(hand.notices[hand.notice("twice", "cancelled")])


def end_twice(hand: Hand):
    """The repeat of a cancellation is one more event."""
    index = hand.notice("twice", "cancelled")
    first = orjson.loads(hand.notices[index].value or b"")
    follows = {"notice_id": "e3", "event_number": 3, "supersedes": first["notice_id"]}
    hand.truth.once_more("notices", index, **follows)


def end_after_another_event(hand: Hand):
    hand.change("owing", "cancelled", supersedes="another")


def end_with_a_number_too_high(hand: Hand):
    hand.change("owing", "cancelled", event_number=3)


def end_without_a_number(hand: Hand):
    hand.change("owing", "cancelled", event_number=0)


def end_another_version(hand: Hand):
    hand.change("owing", "cancelled", parcel_version=7)


def end_what_nobody_cancelled(hand: Hand):
    hand.change("owing", "cancelled", causing_id="C2")


def end_under_inspection(hand: Hand):
    hand.end("selected")


def end_what_an_officer_has_seen(hand: Hand):
    hand.end("inspected")


def end_what_has_to_be_held(hand: Hand):
    hand.end("late and here")


def end_what_stands_on_a_newer_version(hand: Hand):
    index = hand.truth.find("revenue", lambda d: hand.is_of("owing", d))
    record = hand.truth.records["revenue"][index]
    value = {**orjson.loads(record.value or b""), "parcel_version": 2}
    hand.truth.records["revenue"][index] = record._replace(value=orjson.dumps(value))


def drop_refusal(hand: Hand):
    del hand.notices[hand.notice("arrived", "cancellation_refused")]


def repeat_refusal(hand: Hand):
    hand.truth.once_more("notices", hand.notice("inspected", "cancellation_refused"))


def refuse_without_a_reason(hand: Hand):
    hand.change("owing", "cancelled", kind="cancellation_refused", event_number=0)


def decide_an_open_case_on_another_manifest(hand: Hand):
    index = hand.truth.find("release", lambda d: hand.is_of("open", d))
    first = orjson.loads(hand.truth.records["release"][index].value or b"")
    anew = {"manifest_id": "AGAIN", "event_number": 2, "event_id": "e"}
    hand.truth.once_more("release", index, **{**anew, "supersedes": first["event_id"]})


def decide_what_was_cancelled(hand: Hand):
    hand.go_on("twice")


def go_on_after_the_end(hand: Hand):
    hand.go_on("twice", cause="payment", causing_id="P")


def drop_demand(hand: Hand):
    del hand.notices[hand.notice("late", "data_demanded")]


def drop_demand_for_what_never_came(hand: Hand):
    del hand.notices[hand.notice("never", "held_without_data")]


def repeat_demand(hand: Hand):
    hand.truth.once_more("notices", hand.notice("late", "data_demanded"))


def demand_for_no_scan(hand: Hand):
    hand.change("late", "data_demanded", causing_id="S-nothing")


def demand_too_little(hand: Hand):
    hand.change("came", "held_without_data", kind="data_demanded")


def drop_scan(hand: Hand):
    """It was acknowledged, and is remembered."""
    del hand.truth.records["movements"][
        hand.truth.find("movements", lambda m: hand.is_of("departed", m))
    ]


def forget_scan(hand: Hand):
    changelog, index = hand.truth.records["decide-changelog"], hand.case("scanned")[-1]
    expires_at_ms, case = msgspec.msgpack.decode(changelog[index].value or b"")
    case[9] = 2
    value = msgspec.msgpack.encode((expires_at_ms, case))
    changelog[index] = changelog[index]._replace(value=value)


def forget_what_was_scanned(hand: Hand):
    changelog, own = hand.truth.records["decide-changelog"], set(hand.case("scanned"))
    changelog[:] = [record for n, record in enumerate(changelog) if n not in own]


def keep_a_cancelled_case_open(hand: Hand):
    del hand.truth.records["decide-changelog"][hand.case("twice")[-1]]


def count_a_cancelled_parcel(hand: Hand):
    """The reversal is worked on, and not remembered."""
    changelog, parcel = hand.truth.records["assess-changelog"], hand.named["twice"].encode()
    last = max(n for n, record in enumerate(changelog) if parcel in (record.value or b""))
    changelog.append(changelog[last])


def forget_what_was_filed_anew(hand: Hand):
    """As if the reversal of the first announcement had taken the second with it."""
    changelog, parcel = hand.truth.records["assess-changelog"], hand.named["anew"].encode()
    last = max(n for n, record in enumerate(changelog) if parcel in (record.value or b""))
    changelog.append(changelog[last]._replace(value=None))


FALSIFIED: dict[Callable[[Hand], None], tuple[set[str], str]] = {
    drop_end: ({"lost", "torn"}, "has no answer"),
    repeat_end: ({"doubled"}, "has 2 answers"),
    end_twice: ({"doubled", "contradictory", "torn"}, "it has ended before"),
    end_after_another_event: ({"contradictory"}, "follows another"),
    end_with_a_number_too_high: ({"lost", "torn"}, "no event 2"),
    end_without_a_number: ({"contradictory", "torn"}, "that is no event"),
    end_another_version: ({"contradictory", "torn"}, "which nobody sent"),
    end_what_nobody_cancelled: ({"doubled", "contradictory"}, "which nobody sent"),
    end_under_inspection: ({"contradictory", "torn"}, "an officer has seen it"),
    end_what_an_officer_has_seen: ({"contradictory", "torn"}, "an officer has seen it"),
    end_what_has_to_be_held: ({"contradictory", "torn"}, "had to be held"),
    end_what_stands_on_a_newer_version: ({"contradictory"}, "or a newer version"),
    drop_refusal: ({"lost"}, "has no answer"),
    repeat_refusal: ({"doubled"}, "has 2 answers"),
    refuse_without_a_reason: ({"contradictory", "torn"}, "refused without a reason"),
    decide_an_open_case_on_another_manifest: ({"doubled", "torn"}, "though its case is open"),
    decide_what_was_cancelled: ({"doubled", "contradictory", "torn"}, "this version was cancelled"),
    go_on_after_the_end: ({"doubled", "contradictory", "torn"}, "for a case that is not open"),
    drop_demand: ({"lost"}, "were not demanded"),
    drop_demand_for_what_never_came: ({"torn"}, "nobody was told"),
    repeat_demand: ({"doubled"}, "told 2"),
    demand_for_no_scan: ({"doubled"}, "told 1"),
    demand_too_little: ({"contradictory", "torn"}, "arrived: data_demanded"),
    drop_scan: ({"lost", "torn"}, "scanned up to 0, remembered 1"),
    forget_scan: ({"torn"}, "scanned up to 3, remembered 2"),
    forget_what_was_scanned: ({"torn"}, "has no case"),
    keep_a_cancelled_case_open: ({"torn"}, "last event (1, 2, 'cancelled')"),
    count_a_cancelled_parcel: ({"torn"}, "[] holds"),
    forget_what_was_filed_anew: ({"torn"}, "with [],"),
}


@pytest.mark.parametrize("falsify", FALSIFIED, ids=lambda falsify: falsify.__name__)
def test_a_falsified_record_is_reported(
    world: World, truth: Truth, falsify: Callable[[Hand], None]
):
    falsify(Hand(world, truth))
    found = truth.check()
    reported = {kind for kind in WRONG if getattr(found, kind)}
    kinds, words = FALSIFIED[falsify]
    assert kinds <= reported, found.words
    assert words in " ".join(found.words)
