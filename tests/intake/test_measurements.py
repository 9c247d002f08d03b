"""What intake measures: scores of parcels, told on the acknowledgement and sent on in sums."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from pipeline.errors import RuleBookError
from pipeline.intake.completeness import Completeness
from pipeline.intake.measure import NAMES_MAX
from pipeline.model import Address, GoodsType, Package, Parcel, Party
from pipeline.model.score import Measurement, QualityScore, SubjectKind
from pipeline.rulebook.scores import SCORES_FILE, load_score_tables, read_score_tables
from tests.builders import DEPARTURE_AT, consignee, consignor, goods_item, manifest, parcel
from tests.intake.intake import Intake

(TABLE,) = load_score_tables()
COMPLETENESS = Completeness(TABLE.elements)
COMPLETE = parcel(
    consignor=consignor(email="a@b.example"),
    consignee=consignee(phone="+49 30 1234567"),
    items=[goods_item(net_mass_kg=Decimal("0.4"))],
)
BY_NUMBER = Party(identification="DE1234567")
_decode = msgspec.msgpack.Decoder(list[Measurement]).decode


def measured(intake: Intake) -> dict[str, Measurement]:
    envelopes = [_decode(r.value or b"") for r in intake.stream.read("measurements")]
    return {f"{one.kind.value}/{one.name}": one for items in envelopes for one in items}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (COMPLETE, 100),
        (parcel(), 85),  # 3 of 20: no phone or e-mail of either, no net mass
        (replace(COMPLETE, consignor=BY_NUMBER), 95),  # by number, without phone and e-mail
        (replace(COMPLETE, gross_mass_kg=None, currency=""), 90),
        (replace(COMPLETE, items=[replace(COMPLETE.items[0], commodity_code="")]), 95),
        (
            replace(
                COMPLETE,
                goods_type=GoodsType.GIFT,
                items=[replace(COMPLETE.items[0], commodity_code="", origin_country="")],
            ),
            100,  # asked of commercial goods only
        ),
        (
            replace(
                COMPLETE,
                items=[replace(COMPLETE.items[0], quantity=None, packages=(Package(quantity=2),))],
            ),
            100,  # packages stand for pieces
        ),
        (replace(COMPLETE, items=[*COMPLETE.items, goods_item(description="")]), 92),  # 24 of 26
        (
            replace(
                COMPLETE,
                consignee=consignee(
                    phone="1", address=Address(city="Berlin", country="DE", po_box="12")
                ),
            ),
            95,  # the P.O. box stands for the street; the postcode is missing
        ),
    ],
)
def test_completeness_is_the_share_of_filled_elements(changed: Parcel, expected: int) -> None:
    assert COMPLETENESS(changed) == expected


def test_every_element_counts() -> None:
    """Each field of the table, emptied with all that may stand for it, lowers completeness."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(COMPLETE))
    for element in TABLE.elements:
        changed = msgspec.json.decode(msgspec.json.encode(document))
        for pointer in element.fields:
            *path, last = pointer.replace("*", "0").strip("/").split("/")
            holder = changed
            for step in path:
                holder = holder[int(step) if step.isdigit() else step]
            holder.pop(last, None)
        found = COMPLETENESS(msgspec.convert(changed, Parcel, strict=False))
        assert found == 95, element.fields


def test_the_acknowledgement_tells_the_means() -> None:
    warned = replace(COMPLETE, parcel_id="B", items=[goods_item(origin_country="")])
    quality = Intake().answer(manifest(parcels=[COMPLETE, warned])).quality
    # Of the second: net mass and origin of 20 are missing, one warning.
    assert quality == QualityScore(95.0, 95.0, 90.5)


def test_penalties_of_faults_add_up_to_a_hundred_at_most() -> None:
    bad = replace(COMPLETE, currency="XXX", consignor=consignor(name="--", email="a@b.example"))
    worse = replace(bad, consignee=consignee(name="N/A", phone="+49 30 1234567"))
    answer = Intake().answer(manifest(parcels=[bad, replace(worse, parcel_id="B")]))
    assert answer.quality
    assert answer.quality.validity_percent == 10.0  # 20 and 0


def test_a_message_counts_for_carrier_origins_and_platforms() -> None:
    parcels = [
        parcel(parcel_id="A", platform="Bazaar"),
        parcel(parcel_id="B", platform=" BAZAAR "),
        parcel(parcel_id="C", currency="XXX"),
    ]
    intake = Intake()
    intake.publish(manifest(parcels=parcels))
    found = measured(intake)
    counts = {key: (one.counts.parcels, one.counts.rejected) for key, one in found.items()}
    assert counts == {"carrier/SWIFTPOST": (3, 1), "origin/CN": (3, 1), "platform/bazaar": (2, 0)}
    assert set(found["carrier/SWIFTPOST"].counts.faults) == {"DQ17b"}
    assert found["platform/bazaar"].counts.faults == {}


def test_a_malformed_parcel_is_neither_complete_nor_valid() -> None:
    intake = Intake()
    document = msgspec.json.decode(msgspec.json.encode(manifest(parcels=[COMPLETE, COMPLETE])))
    document["parcels"][1]["goods_type"] = 7
    assert intake.answer(document).quality == QualityScore(50.0, 50.0, 50.0)
    counts = measured(intake)["carrier/SWIFTPOST"].counts
    assert (counts.parcels, counts.rejected, counts.scored) == (2, 1, 2)


def test_a_message_refused_as_a_whole_is_counted_and_not_scored() -> None:
    intake = Intake()
    answer = intake.answer(manifest(parcels=[parcel()], destination_country="ZZ"))
    assert answer.quality is None
    (one,) = measured(intake).values()
    assert one.kind is SubjectKind.CARRIER
    assert (one.counts.parcels, one.counts.rejected, one.counts.scored) == (1, 1, 0)
    assert one.counts.faults == {"DQ32": 1}


def test_a_repeat_is_not_measured_again() -> None:
    intake = Intake()
    intake.publish(manifest())
    before = len(intake.stream.read("measurements"))
    intake.publish(manifest())
    assert len(intake.stream.read("measurements")) == before > 0


def test_parcels_after_the_deadline_count_as_late() -> None:
    intake = Intake()
    intake.publish(manifest(issued_at=DEPARTURE_AT.replace(day=7, hour=3)))
    assert [one.counts.late for one in measured(intake).values()] == [1, 1]


def test_platforms_of_one_message_are_bounded_to_those_with_most_parcels() -> None:
    parcels = [parcel(parcel_id=f"P{n}", platform=f"shop {n:02}") for n in range(NAMES_MAX + 5)]
    parcels.append(parcel(parcel_id="Q", platform=f"shop {NAMES_MAX + 4:02}"))
    intake = Intake()
    intake.publish(manifest(parcels=parcels))
    found = [key for key in measured(intake) if key.startswith("platform/")]
    assert len(found) == NAMES_MAX
    assert f"platform/shop {NAMES_MAX + 4:02}" in found


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (", warning: 10", "", "a penalty each"),
        ("valid_from: 2026-07-01", "valid_from: soon", "line"),
        ("/consignor/name", "consignor.name", "line"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    path = tmp_path / SCORES_FILE.name
    path.write_text(SCORES_FILE.read_text().replace(old, new))
    with pytest.raises(RuleBookError, match=fault):
        read_score_tables(path)


def test_tables_must_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / SCORES_FILE.name
    path.write_text(SCORES_FILE.read_text() * 2)
    with pytest.raises(RuleBookError, match="after the last"):
        read_score_tables(path)
