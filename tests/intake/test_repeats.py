"""What the room remembers: repeats, other content, amendments, parts."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.state import ManifestSeen
from pipeline.model import Acknowledgement, AcknowledgementStatus, ManifestNoted
from pipeline.model.timeliness import Timeliness
from tests.builders import consignee, goods_item, manifest, parcel
from tests.intake.intake import Intake

KIB = 1_024


def refused_by(acknowledgement: Acknowledgement) -> str:
    """The rule by which a whole message was refused."""
    assert acknowledgement.status is AcknowledgementStatus.REJECTED
    assert acknowledgement.accepted_parcels == 0
    assert acknowledgement.rejected_parcels == acknowledgement.announced_parcels
    (fault,) = acknowledgement.faults
    return fault.rule_id


def test_a_repeat_is_answered_again_and_nothing_is_sent_on() -> None:
    """Same counts and status, marked as duplicate; the faults are counted, not named again."""
    intake = Intake()
    message = manifest(parcels=[parcel(), parcel(parcel_id="B", consignee=consignee(name="--"))])
    first, again = intake.answer(message), intake.answer(message)
    assert len(intake.announced) == 1
    assert again == msgspec.structs.replace(
        first, duplicate=True, faults=[], faults_omitted=1, quality=None
    )
    assert not first.duplicate


def test_a_repeat_is_noted_as_duplicate() -> None:
    intake = Intake()
    intake.publish(manifest())
    intake.publish(manifest())
    assert intake.stream.notes == [
        ManifestNoted("SWIFTPOST", 1, 1, False, {}, {}, Timeliness.BEFORE_DEPARTURE),
        ManifestNoted("SWIFTPOST", 1, 1, True, {}, {}),
    ]


def test_other_content_under_the_same_version_is_refused() -> None:
    """The first content stays in force: its repeat is still a repeat."""
    intake = Intake()
    intake.publish(manifest())
    assert refused_by(intake.answer(manifest(parcels=[parcel(currency="USD")]))) == "DQ02"
    assert intake.answer(manifest()).duplicate
    assert len(intake.announced) == 1


def test_a_higher_version_is_an_amendment() -> None:
    intake = Intake()
    intake.publish(manifest())
    amended = manifest(version=2, parcels=[parcel(items=[goods_item(quantity=3)])])
    assert intake.answer(amended).status is AcknowledgementStatus.ACCEPTED
    assert [announced.header.version for announced in intake.announced] == [1, 2]


def test_a_version_below_the_newest_is_refused() -> None:
    intake = Intake()
    intake.publish(manifest(version=3))
    assert refused_by(intake.answer(manifest(version=2))) == "DQ02b"
    assert len(intake.announced) == 1


def test_manifests_of_other_ids_do_not_meet() -> None:
    intake = Intake()
    intake.publish(manifest())
    intake.publish(manifest(manifest_id="SP-0002"), key=b"SWIFTPOST/SP-0002")
    assert not intake.acknowledgements[-1].duplicate


def test_a_refused_message_may_be_sent_again_corrected() -> None:
    intake = Intake()
    assert refused_by(intake.answer(manifest(declared_parcel_count=2))) == "DQ34"
    assert intake.answer(manifest()).status is AcknowledgementStatus.ACCEPTED


def part(number: int, parts: int = 3, **fields: Any) -> Any:
    """One part of a manifest, with one parcel."""
    parcels = [parcel(parcel_id=f"P{number}")]
    return manifest(part=number, parts=parts, **{"parcels": parcels, **fields})


def test_parts_may_come_in_any_order() -> None:
    intake = Intake()
    for number in (3, 1, 2):
        answer = intake.answer(part(number, declared_parcel_count=3))
        assert answer.status is AcknowledgementStatus.ACCEPTED
        assert answer.part == number
    assert len(intake.announced) == 3


def test_a_repeated_part_is_a_duplicate() -> None:
    intake = Intake()
    intake.publish(part(1))
    intake.publish(part(2))
    assert intake.answer(part(1)).duplicate
    assert refused_by(intake.answer(part(2, parcels=[parcel(parcel_id="Q")]))) == "DQ02"


def test_parts_that_differ_in_their_number_are_refused() -> None:
    intake = Intake()
    intake.publish(part(1))
    assert refused_by(intake.answer(part(2, parts=4))) == "DQ34"


def test_parts_that_differ_in_the_declared_count_are_refused() -> None:
    intake = Intake()
    intake.publish(part(1, declared_parcel_count=3))
    assert refused_by(intake.answer(part(2, declared_parcel_count=4))) == "DQ34"


@pytest.mark.parametrize("declared", [2, 4])
def test_the_last_part_is_refused_if_the_count_of_all_parts_is_not_the_declared(
    declared: int,
) -> None:
    intake = Intake()
    answers = [intake.answer(part(n, declared_parcel_count=declared)) for n in (1, 2, 3)]
    assert [answer.accepted_parcels for answer in answers] == [1, 1, 0]
    assert refused_by(answers[-1]) == "DQ34"


def test_an_amendment_starts_its_own_count_of_parts() -> None:
    intake = Intake()
    for number in (1, 2, 3):
        intake.publish(part(number, declared_parcel_count=3))
    answer = intake.answer(part(1, parts=2, version=2, declared_parcel_count=2))
    assert answer.status is AcknowledgementStatus.ACCEPTED
    assert refused_by(intake.answer(part(1, declared_parcel_count=3))) == "DQ02b"


def test_what_is_remembered_of_fifty_parts_is_small_and_survives_the_changelog() -> None:
    intake = Intake()
    for number in range(1, 51):
        intake.publish(part(number, parts=50))
    (value,) = [
        record.value
        for record in intake.stream.read("intake-changelog")
        if record.key and record.key.startswith(b"sSWIFTPOST")
    ][-1:]
    assert value is not None
    assert len(value) < 4 * KIB
    decoded = msgspec.msgpack.decode(value, type=tuple[int, ManifestSeen])[1]
    assert (decoded.parts, decoded.parcels, len(decoded.seen)) == (50, 50, 50)


def test_a_parcel_that_stands_twice_is_accepted_once() -> None:
    intake = Intake()
    acknowledgement = intake.answer(manifest(parcels=[parcel(), parcel()]))
    assert acknowledgement.status is AcknowledgementStatus.PARTLY_REJECTED
    (fault,) = acknowledgement.faults
    assert (fault.rule_id, fault.pointer) == ("DQ04", "/parcels/1/parcel_id")
    assert len(intake.announced) == 1


MESSAGES = st.tuples(
    st.integers(1, 3),  # version
    st.integers(1, 2),  # part
    st.sampled_from(["610910", "620520"]),  # content
)


@settings(max_examples=150)
@given(st.lists(MESSAGES, max_size=12))
def test_any_order_of_versions_parts_and_contents(messages: list[tuple[int, int, str]]) -> None:
    """Each part of the newest version takes effect once, whatever is sent again or late."""
    intake, newest, taken = Intake(), 0, dict[int, str]()
    for version, number, code in messages:
        parcels = [parcel(parcel_id=f"P{number}", items=[goods_item(commodity_code=code)])]
        sent_on = len(intake.announced)
        answer = intake.answer(part(number, parts=2, version=version, parcels=parcels))
        if version > newest:
            newest, taken = version, {}
        repeated = version == newest and taken.get(number) == code
        accepted = version == newest and taken.setdefault(number, code) == code and not repeated
        assert answer.duplicate is repeated
        assert answer.accepted_parcels == int(accepted or repeated)
        assert len(intake.announced) - sent_on == int(accepted)
