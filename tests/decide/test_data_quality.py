"""A decision says how good the data are that it rests on, whatever happens to the parcel later."""

import msgspec
from msgspec.structs import replace

from pipeline.assess.room import build_assess_room
from pipeline.decide.room import DecideRoom
from pipeline.intake.room import IntakeRoom
from pipeline.intake.rules import load_data_rules
from pipeline.model import Assessed, DataQuality, Decision
from pipeline.model.explain import explain
from pipeline.model.score import ParcelQuality
from pipeline.model.timeliness import Timeliness
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.shelf import Shelf
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from tests.builders import DEPARTURE_AT, goods_item, manifest, parcel
from tests.decide.desk import Desk, assessed, payment
from tests.intake.intake import KEY, PUBLISHED_MS


def measured(timeliness: Timeliness | None = None) -> Assessed:
    """The ordinary parcel, with what intake measured of it."""
    ordinary = assessed()
    header = replace(ordinary.header, timeliness=timeliness)
    return replace(ordinary, header=header, quality=ParcelQuality(85, 90))


def test_the_decision_names_completeness_validity_score_and_timeliness() -> None:
    last = Desk().announce(measured(Timeliness.LATE)).last
    assert last.data_quality == DataQuality(85, 90, 76, Timeliness.LATE)
    assert "  Data: 85 % complete, 90 % valid; timeliness: late." in explain(last)


def test_later_decisions_name_them_too() -> None:
    desk = Desk().announce(measured()).pay(payment())
    assert [event.data_quality for event in desk.events()] == [DataQuality(85, 90, 76)] * 2


def test_they_are_those_of_the_acknowledgement() -> None:
    """All three rooms in a row: what the carrier is told is what officers see."""
    law, settings = Shelf(load_rule_book()), Settings()
    rules = load_data_rules()
    stream = MemoryStream(
        [
            IntakeRoom(settings, rules, law),
            build_assess_room(settings, law, rules.version),
            DecideRoom(law, on_account_carriers=frozenset()),
        ]
    )
    warned = parcel(items=[goods_item(origin_country="")])
    late = manifest(parcels=[warned], issued_at=DEPARTURE_AT.replace(day=7, hour=3))
    stream.publish("manifests", key=KEY, value=msgspec.json.encode(late), timestamp_ms=PUBLISHED_MS)
    stream.run_until_idle()
    (told,) = stream.read("acknowledgements")
    answer = msgspec.json.decode(told.value or b"")
    (event,) = [r for topic in ("release", "inspection", "revenue") for r in stream.read(topic)]
    quality = msgspec.json.decode(event.value or b"", type=Decision).data_quality
    assert quality is not None
    assert quality.timeliness == answer["timeliness"]["timeliness"] == "late"
    for name in ("completeness_percent", "validity_percent", "score_percent"):
        assert getattr(quality, name) == answer["quality"][name]
