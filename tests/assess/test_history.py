"""Indicators that need memory: splitting and bursts."""

from datetime import timedelta
from decimal import Decimal

import msgspec

from pipeline.assess.state import ENTRIES_MAX, NO_EXPOSURE, Exposure, ExposureEntry
from pipeline.model import Announced, Assessed
from pipeline.stream import KeyedState, Outbox, Record
from tests import builders
from tests.assess.examples import assess, changed, fired, header, room

ARRIVAL_S = int(builders.ARRIVAL_AT.timestamp())
HOUR_S = 3_600


def other(value: str, *, hours: int = 0, key: str = "SWIFTPOST/OTHER") -> ExposureEntry:
    return ExposureEntry(key, ARRIVAL_S + hours * HOUR_S, Decimal(value), "EUR")


def test_two_parcels_that_together_pass_the_limit_are_split() -> None:
    exposure = Exposure([other("130.00")])
    assert "R03" in fired(assess(changed({}), exposure=exposure))


def test_two_parcels_that_stay_below_the_limit_are_not_split() -> None:
    exposure = Exposure([other("125.10")])  # 125.10 + 24.90 = 150.00, not above
    assert "R03" not in fired(assess(changed({}), exposure=exposure))


def test_a_parcel_outside_the_window_does_not_count() -> None:
    assert "R03" not in fired(assess(changed({}), exposure=Exposure([other("140", hours=-73)])))
    assert "R03" in fired(assess(changed({}), exposure=Exposure([other("140", hours=-72)])))


def test_a_parcel_above_the_limit_is_no_part_of_splitting() -> None:
    assert "R03" not in fired(assess(changed({}), exposure=Exposure([other("151.00")])))


def test_the_parcel_itself_in_an_earlier_version_does_not_count() -> None:
    exposure = Exposure([other("140", key="SWIFTPOST/LX123456785CN")])
    assert "R03" not in fired(assess(changed({}), exposure=exposure))


def test_a_newer_version_of_a_parcel_replaces_the_older_in_memory() -> None:
    exposure = NO_EXPOSURE.with_parcel(other("10")).with_parcel(other("20"))
    assert exposure.entries == [other("20")]


def test_the_memory_of_a_consignee_is_bounded() -> None:
    exposure = NO_EXPOSURE
    for number in range(ENTRIES_MAX + 5):
        exposure = exposure.with_parcel(other("1", key=f"SWIFTPOST/{number}"))
    assert len(exposure.entries) == ENTRIES_MAX
    assert exposure.entries[-1].case_key == f"SWIFTPOST/{ENTRIES_MAX + 4}"


def test_the_eleventh_parcel_in_three_days_is_a_burst() -> None:
    ten = Exposure([other("1", key=f"SWIFTPOST/{number}") for number in range(10)])
    nine = Exposure(ten.entries[:9])
    assert "R11" in fired(assess(changed({}), exposure=ten))
    assert "R11" not in fired(assess(changed({}), exposure=nine))


def test_the_room_remembers_a_consignee_from_one_envelope_to_the_next() -> None:
    partitions = {"assessments": 8, "dead-letters": 8}
    assess_room = room()
    outbox = Outbox(partitions, assess_room.enclosers)
    state: KeyedState[Exposure] = KeyedState(Exposure)
    for number in (1, 2):
        value = builders.goods_item(intrinsic_value=Decimal("80.10"))
        parcel = builders.parcel(parcel_id=f"HAWB-{number}", items=[value])
        envelope = msgspec.msgpack.encode([Announced(header(), parcel, [])])
        assess_room.work(Record("parcels", 0, number, 1, None, envelope), state, outbox)
    assessed = [
        item
        for output in outbox.outputs()
        for item in msgspec.msgpack.decode(output.value or b"", type=list[Assessed])
    ]
    by_id = {item.parcel_id: fired(item.assessment) for item in assessed}
    assert by_id == {"HAWB-1": set(), "HAWB-2": {"R03"}}


def test_late_data_fire_by_the_length_of_the_flight() -> None:
    """Flights of four hours and more: four hours before arrival; shorter ones: departure."""
    long_flight = {"issued_at": builders.ARRIVAL_AT - timedelta(hours=4)}
    assert "R14" not in fired(assess(changed({}), **long_flight))
    long_flight = {"issued_at": builders.ARRIVAL_AT - timedelta(hours=3, minutes=59)}
    assert "R14" in fired(assess(changed({}), **long_flight))
    departure_at = builders.ARRIVAL_AT - timedelta(hours=2)
    short_flight = {"departure_at": departure_at, "issued_at": departure_at}
    assert "R14" not in fired(assess(changed({}), **short_flight))


def test_warnings_of_intake_add_to_the_risk() -> None:
    assert "R13" in fired(assess(changed({}), warnings=("DQ16",)))


def parcel_of(version: int, key: str = "SWIFTPOST/ONE", manifest_id: str = "M") -> ExposureEntry:
    return ExposureEntry(key, ARRIVAL_S, Decimal(version), "EUR", version, manifest_id)


def test_a_reversal_takes_one_announcement_of_a_parcel_back() -> None:
    """What came in another version or on another manifest since counts on."""
    exposure = Exposure([parcel_of(2), parcel_of(2, "SWIFTPOST/TWO")])
    assert exposure.without("SWIFTPOST/ONE", "M", 2).entries == [parcel_of(2, "SWIFTPOST/TWO")]
    assert exposure.without("SWIFTPOST/ONE", "M", 1) == exposure
    assert exposure.without("SWIFTPOST/ONE", "N", 2) == exposure


def test_a_parcel_counts_once_as_it_was_announced_last() -> None:
    exposure = Exposure([parcel_of(1)]).with_parcel(parcel_of(2)).with_parcel(parcel_of(2))
    assert len(exposure.entries) == 2
    assert exposure.others("SWIFTPOST/OTHER", ARRIVAL_S, 0) == [parcel_of(2)]
    assert exposure.goods_of_day("SWIFTPOST/OTHER", "EUR", lambda _: True) == 2
