"""What the carrier is told, and what is sent on."""

from zlib import crc32

import pytest

from pipeline.model import AcknowledgementStatus, ManifestNoted, Severity, consignee_key
from pipeline.model.text import shown
from pipeline.model.timeliness import Timeliness
from tests.builders import consignee, consignor, goods_item, manifest, parcel
from tests.intake.intake import PUBLISHED_MS, Intake


def test_the_acknowledgement_is_keyed_by_carrier() -> None:
    intake = Intake()
    intake.publish(manifest())
    assert [record.key for record in intake.stream.read("acknowledgements")] == [b"SWIFTPOST"]


def test_accepted_parcels_carry_what_they_inherit_from_the_manifest() -> None:
    intake = Intake()
    intake.publish(manifest(version=4))
    (announced,) = intake.announced
    assert announced.parcel == parcel()
    assert announced.header.version == 4
    assert announced.header.received_at.timestamp() * 1000 == PUBLISHED_MS
    assert announced.warnings == []


def test_parcels_of_one_consignee_go_to_one_partition() -> None:
    """However the name is written, and whatever the manifest."""
    intake = Intake()
    names = ["Anna Schneider", "ANNA SCHNEIDER", "Anna  Schneider."]
    parcels = [parcel(parcel_id=f"P{n}", consignee=consignee(name=x)) for n, x in enumerate(names)]
    intake.publish(manifest(parcels=parcels))
    expected = crc32(consignee_key(consignee()).encode()) % 4
    assert {record.partition for record in intake.stream.read("parcels")} == {expected}
    assert len(intake.announced) == 3


def test_a_warning_lets_the_parcel_pass_and_travels_with_it() -> None:
    intake = Intake()
    acknowledgement = intake.answer(
        manifest(parcels=[parcel(items=[goods_item(origin_country="")])])
    )
    assert acknowledgement.status is AcknowledgementStatus.ACCEPTED_WITH_WARNINGS
    assert intake.announced[0].warnings == ["DQ16"]
    assert intake.stream.notes == [
        ManifestNoted("SWIFTPOST", 1, 1, False, {}, {"DQ16": 1}, Timeliness.BEFORE_DEPARTURE)
    ]


def test_a_refused_parcel_is_noted_under_its_first_error() -> None:
    intake = Intake()
    bad = parcel(consignor=consignor(name="--"), consignee=consignee(name="N/A"))
    intake.publish(manifest(parcels=[bad]))
    assert intake.announced == []
    assert intake.stream.notes == [
        ManifestNoted("SWIFTPOST", 1, 0, False, {"DQ05": 1}, {}, Timeliness.BEFORE_DEPARTURE)
    ]


def test_faults_are_bounded_counted_and_errors_come_first() -> None:
    warned = [parcel(parcel_id=f"W{n}", items=[goods_item(origin_country="")]) for n in range(30)]
    refused = [parcel(parcel_id=f"E{n}", currency="XXX") for n in range(5)]
    acknowledgement = Intake(acknowledgement_faults_max=8).answer(
        manifest(parcels=[*warned, *refused])
    )
    assert acknowledgement.status is AcknowledgementStatus.PARTLY_REJECTED
    severities = [fault.severity for fault in acknowledgement.faults]
    assert severities == [Severity.ERROR] * 5 + [Severity.WARNING] * 3
    assert acknowledgement.faults_omitted == 27


def test_a_fault_says_where_what_and_how_to_mend_it() -> None:
    acknowledgement = Intake().answer(manifest(parcels=[parcel(currency="eur")]))
    fault = acknowledgement.faults[0]
    assert fault.pointer == "/parcels/0/currency"
    assert fault.value == "eur"
    assert fault.parcel_id == "LX123456785CN"
    assert fault.text
    assert fault.correction


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("cotton shirt", "cotton shirt"),
        ("李小龙", "李小龙"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\u202eb", r"a\u202eb"),
        ("\U000e0001", r"\U000e0001"),
        ("x" * 90, "x" * 80 + "..."),
    ],
)
def test_values_are_shown_short_and_printable(value: str, expected: str) -> None:
    assert shown(value) == expected
