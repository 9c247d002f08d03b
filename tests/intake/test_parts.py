"""Manifests in parts: complete with the last one, or told what is missing when time is over."""

from typing import Any

import msgspec
import pytest

from pipeline.intake.parts import missing_parts
from pipeline.model import Notice, NoticeKind
from tests.builders import consignee, manifest, parcel
from tests.intake.intake import PUBLISHED_MS, Intake

HOUR_MS = 3_600_000


def part(number: int, parts: int = 3, **fields: Any) -> Any:
    """One part of a manifest, with one parcel."""
    parcels = [parcel(parcel_id=f"P{number}")]
    return manifest(part=number, parts=parts, **{"parcels": parcels, **fields})


def later(intake: Intake, hours: int) -> None:
    """Something nobody can read comes then, on the same partition: event time needs events."""
    intake.publish(None, timestamp_ms=PUBLISHED_MS + hours * HOUR_MS)


def notices(intake: Intake) -> list[Notice]:
    records = intake.stream.read("notices")
    return [msgspec.json.decode(record.value or b"", type=Notice) for record in records]


def test_the_last_part_completes_the_manifest_in_any_order() -> None:
    """Received, accepted and declared parcels are told; a repeat tells nothing again."""
    intake = Intake()
    bad = parcel(parcel_id="P2", consignee=consignee(name="--"))
    for message in (
        part(3, declared_parcel_count=3),
        part(1, declared_parcel_count=3),
        part(2, declared_parcel_count=3, parcels=[bad]),
        part(2, declared_parcel_count=3, parcels=[bad]),
    ):
        intake.publish(message)
    (notice,) = notices(intake)
    assert (notice.kind, notice.manifest_id) == (NoticeKind.MANIFEST_COMPLETE, "SP-0001")
    assert notice.text == (
        "all 3 parts of the manifest have come: 3 parcels received, 2 accepted, 3 declared"
    )
    later(intake, 10)
    assert len(notices(intake)) == 1


def test_parts_that_do_not_come_are_named_when_time_is_over() -> None:
    """Four hours after the first part, by event time; what came was sent on long before."""
    intake = Intake()
    for number in (1, 4):
        intake.publish(part(number, parts=8))
    assert len(intake.announced) == 2
    later(intake, 3)
    assert notices(intake) == []
    later(intake, 6)
    (notice,) = notices(intake)
    assert notice.kind is NoticeKind.MANIFEST_INCOMPLETE
    assert notice.text == (
        "of 8 parts, 2 to 3, 5 to 8 have not come, or were refused: 2 parcels received, 2 accepted"
    )


def test_a_part_that_comes_after_its_time_still_completes_the_manifest() -> None:
    intake = Intake()
    intake.publish(part(1, parts=2))
    later(intake, 6)
    intake.publish(part(2, parts=2), timestamp_ms=PUBLISHED_MS + 7 * HOUR_MS)
    kinds = [notice.kind for notice in notices(intake)]
    assert kinds == [NoticeKind.MANIFEST_INCOMPLETE, NoticeKind.MANIFEST_COMPLETE]


def test_a_newer_version_ends_the_waiting_for_the_older() -> None:
    intake = Intake()
    intake.publish(part(1, parts=2))
    intake.publish(manifest(version=2, parcels=[parcel(parcel_id="P1")]))
    later(intake, 6)
    assert notices(intake) == []


def test_a_manifest_of_one_part_needs_no_notice() -> None:
    """Its acknowledgement says everything."""
    intake = Intake()
    intake.publish(manifest())
    later(intake, 6)
    assert notices(intake) == []


@pytest.mark.parametrize(
    ("seen", "parts", "text"),
    [
        ([1], 2, "2"),
        ([2], 3, "1, 3"),
        ([], 5, "1 to 5"),
        (range(2, 101, 2), 100, f"{', '.join(map(str, range(1, 40, 2)))} and 30 more ranges"),
    ],
)
def test_missing_parts_are_named_as_ranges_in_bounded_number(
    seen: Any, parts: int, text: str
) -> None:
    assert missing_parts(seen, parts) == text
