"""The room around the pure functions."""

import msgspec
import pytest

from pipeline.assess.room import AssessRoom
from pipeline.assess.state import NO_EXPOSURE, Exposure
from pipeline.model import Announced, Assessed
from pipeline.rulebook.book import RuleBook, load_rule_book
from pipeline.stream import KeyedState, Outbox, Record
from tests import builders
from tests.assess.examples import header, room

PARTITIONS = {"assessments": 8, "dead-letters": 8}


def test_one_parcel_that_cannot_be_assessed_spoils_only_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The dead letter holds that parcel alone, in an envelope that can be sent again."""
    assess_room = room()
    assess = AssessRoom.assess

    def fail_on_second(
        self: AssessRoom, announced: Announced, exposure: Exposure, published: RuleBook
    ) -> Assessed:
        if announced.parcel.parcel_id == "HAWB-2":
            raise ArithmeticError("no such number")
        return assess(self, announced, exposure, published)

    monkeypatch.setattr(AssessRoom, "assess", fail_on_second)
    parcels = [builders.parcel(parcel_id=f"HAWB-{number}") for number in (1, 2, 3)]
    envelope = msgspec.msgpack.encode([Announced(header(), parcel, []) for parcel in parcels])
    outbox = Outbox(PARTITIONS, assess_room.enclosers)
    state: KeyedState[Exposure] = KeyedState(Exposure)
    assess_room.work(Record("parcels", 0, 0, 1, None, envelope), state, outbox)
    outputs = list(outbox.outputs())
    letters = [output for output in outputs if output.topic == "dead-letters"]
    assert len(letters) == 1
    assert dict(letters[0].headers)["parcels"] == b"1"
    again = msgspec.msgpack.decode(letters[0].value or b"", type=list[Announced])
    assert [announced.parcel.parcel_id for announced in again] == ["HAWB-2"]
    assessed = [
        item.parcel_id
        for output in outputs
        if output.topic == "assessments"
        for item in msgspec.msgpack.decode(output.value or b"", type=list[Assessed])
    ]
    assert sorted(assessed) == ["HAWB-1", "HAWB-3"]


def test_only_selected_parcels_travel_on_whole() -> None:
    """A finding re-assesses a parcel, so a selected one is kept; others need no copy."""
    clean = room().assess(Announced(header(), builders.parcel(), []), NO_EXPOSURE, load_rule_book())
    weapon = builders.parcel(items=[builders.goods_item(description="pistol barrel, steel")])
    selected = room().assess(Announced(header(), weapon, []), NO_EXPOSURE, load_rule_book())
    assert clean.parcel is None
    assert selected.parcel == weapon
