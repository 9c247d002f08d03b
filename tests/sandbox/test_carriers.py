"""Simulated carriers: reproducible, readable, and true to what they say of themselves."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.check_parcel import looks_like_s10, s10_check_digit
from pipeline.model import Manifest, Parcel
from pipeline.model.manifest import ManifestFrame
from pipeline.reference.codes import hs_subheadings
from pipeline.sandbox.carriers.catalogue import load_catalogue
from pipeline.sandbox.carriers.simulate import CLEAN_MIX, PART_PARCELS, Mix, simulate
from pipeline.sandbox.carriers.truth import MessageKind, ParcelKind, SimulatedMessage
from pipeline.sandbox.carriers.twists import POSTAL_FAULTS

PARCELS = 12_000
UNTYPED_FAULT = "quantity in words"


@pytest.fixture(scope="module")
def messages() -> list[SimulatedMessage]:
    return list(simulate(PARCELS, 11))


def readable(messages: list[SimulatedMessage]) -> Iterator[tuple[SimulatedMessage, ManifestFrame]]:
    for message in messages:
        if message.kind is not MessageKind.CORRUPT:
            yield message, msgspec.json.decode(message.value, type=ManifestFrame)


def parcels_of(message: SimulatedMessage, frame: ManifestFrame) -> list[Parcel]:
    """The parcels that have the right types."""
    parcels = [orjson.loads(bytes(raw)) for raw in frame.parcels]
    return [
        msgspec.convert(parcel, Parcel)
        for parcel in parcels
        if message.faults.get(parcel["parcel_id"]) != UNTYPED_FAULT
    ]


def test_same_seed_same_bytes(messages: list[SimulatedMessage]) -> None:
    assert list(simulate(PARCELS, 11)) == messages


def test_other_seed_other_manifests_and_parcels(messages: list[SimulatedMessage]) -> None:
    others = list(simulate(PARCELS, 12))
    assert not {message.key for message in others} & {message.key for message in messages}
    assert not ids(others) & ids(messages)


def ids(messages: list[SimulatedMessage]) -> set[str]:
    return {
        orjson.loads(bytes(raw))["parcel_id"]
        for _, frame in readable(messages)
        for raw in frame.parcels
    }


@settings(max_examples=40)
@given(
    parcels=st.integers(1, 1_500),
    seed=st.integers(0, 10**6),
    trouble=st.sampled_from([0.0, 0.01, 0.33]),
)
def test_exactly_the_parcels_asked_for_are_announced(
    parcels: int, seed: int, trouble: float
) -> None:
    mix = Mix(repeat=trouble, conflict=trouble, corrupt=trouble)
    assert sum(message.announced for message in simulate(parcels, seed, mix)) == parcels


def test_every_message_that_is_not_corrupt_is_a_manifest(messages: list[SimulatedMessage]) -> None:
    for message, frame in readable(messages):
        assert len(frame.parcels) == message.parcels <= PART_PARCELS
        assert message.key.decode() == f"{frame.carrier}/{frame.manifest_id}"
        parcels_of(message, frame)


def test_without_planted_faults_every_message_is_a_whole_manifest() -> None:
    for message in simulate(3_000, 5, CLEAN_MIX):
        manifest = msgspec.json.decode(message.value, type=Manifest)
        assert len(manifest.parcels) == message.parcels
        assert message.kind is MessageKind.ORDINARY
        assert not message.planted


def test_nobody_can_read_a_corrupt_message() -> None:
    corrupt = [
        message
        for message in simulate(6_000, 3, Mix(corrupt=0.9))
        if message.kind is MessageKind.CORRUPT
    ]
    assert len(corrupt) > 20
    for message in corrupt:
        try:
            document = orjson.loads(message.value)
        except orjson.JSONDecodeError:
            continue
        assert document["schema_version"] == 2


def test_parts_and_counts_of_a_manifest_agree() -> None:
    parts: dict[bytes, list[ManifestFrame]] = {}
    for message, frame in readable(list(simulate(PARCELS, 4, CLEAN_MIX))):
        parts.setdefault(message.key, []).append(frame)
    assert max(len(frames) for frames in parts.values()) == 2
    for frames in parts.values():
        assert [frame.part for frame in frames] == list(range(1, len(frames) + 1))
        assert {frame.parts for frame in frames} == {len(frames)}
        total = sum(len(frame.parcels) for frame in frames)
        assert {frame.declared_parcel_count for frame in frames} == {total}


def test_a_repeat_has_the_bytes_of_the_message_before() -> None:
    sent = list(simulate(PARCELS, 6, Mix(repeat=0.5)))
    pairs = [
        (first, second) for first, second in pairwise(sent) if second.kind is MessageKind.REPEAT
    ]
    assert len(pairs) > 10
    assert all(first.value == second.value for first, second in pairs)


def test_a_conflict_has_other_content_under_the_same_version() -> None:
    sent = list(simulate(PARCELS, 6, Mix(repeat=0, conflict=0.5, corrupt=0)))
    pairs = [
        (first, second) for first, second in pairwise(sent) if second.kind is MessageKind.CONFLICT
    ]
    assert len(pairs) > 10
    for first, second in pairs:
        assert first.key == second.key
        before, after = (msgspec.json.decode(m.value, type=ManifestFrame) for m in (first, second))
        assert (before.version, before.part) == (after.version, after.part)
        assert first.value != second.value


def test_no_parcel_id_is_used_twice(messages: list[SimulatedMessage]) -> None:
    announced = Counter(
        orjson.loads(bytes(raw))["parcel_id"]
        for message, frame in readable(messages)
        if message.kind is not MessageKind.REPEAT
        for raw in frame.parcels
    )
    assert max(announced.values()) == 1


def test_ids_of_postal_carriers_have_right_check_digits_unless_planted(
    messages: list[SimulatedMessage],
) -> None:
    postal = {carrier.id for carrier in load_catalogue().carriers if carrier.postal}
    checked = wrong = 0
    for message, frame in readable(messages):
        for parcel_id in (orjson.loads(bytes(raw))["parcel_id"] for raw in frame.parcels):
            assert looks_like_s10(parcel_id) == (frame.carrier in postal)
            if frame.carrier in postal and message.kind is MessageKind.ORDINARY:
                right = s10_check_digit(parcel_id[2:10]) == int(parcel_id[10])
                assert right == (message.faults.get(parcel_id) != "wrong check digit")
                checked += 1
                wrong += not right
    assert checked > 1_000
    assert wrong


def test_truth_names_the_fault_of_every_faulty_parcel(messages: list[SimulatedMessage]) -> None:
    faults: set[str] = set()
    for message in messages:
        faulty = {key for key, kind in message.planted.items() if kind is ParcelKind.FAULTY}
        assert faulty == set(message.faults)
        faults.update(message.faults.values())
    assert faults == set(POSTAL_FAULTS)


def test_shares_of_what_is_planted_are_those_of_the_mix() -> None:
    mix = Mix(repeat=0, conflict=0, corrupt=0)
    planted = Counter(
        kind for message in simulate(40_000, 8, mix) for kind in message.planted.values()
    )
    for kind in (ParcelKind.FAULTY, ParcelKind.UNDERVALUED, ParcelKind.PROHIBITED):
        share = getattr(mix, kind) * 40_000
        assert 0.75 * share < planted[kind] < 1.25 * share


def test_a_split_purchase_goes_on_in_a_later_message_to_the_same_country() -> None:
    mix = Mix(faulty=0, split=0.01, repeat=0, conflict=0, corrupt=0)
    seen: dict[str, list[tuple[bytes, str]]] = {}
    for message, frame in readable(list(simulate(PARCELS, 9, mix))):
        for parcel in parcels_of(message, frame):
            if message.planted.get(parcel.parcel_id) is ParcelKind.SPLIT:
                key = f"{parcel.consignee.name} {parcel.consignee.address}"
                place = (message.value, frame.destination_country)
                seen.setdefault(key, []).append(place)
    whole = [places for places in seen.values() if len(places) == 3]
    assert len(whole) > 20
    for first, second, third in whole:
        assert first == second
        assert third[0] != first[0]
        assert third[1] == first[1]
        assert first[1] != "US"


def test_time_moves_on_within_the_window_of_the_enacted_law(
    messages: list[SimulatedMessage],
) -> None:
    issued = []
    for _, frame in readable(messages):
        issued.append(frame.issued_at)
        assert frame.issued_at < frame.departure_at < frame.estimated_arrival_at
        assert frame.estimated_arrival_at < datetime(2026, 7, 21, tzinfo=UTC)
    assert issued == sorted(issued)
    assert issued[0] >= datetime(2026, 7, 6, tzinfo=UTC)


def test_texts_of_the_catalogue_can_stand_in_json_as_they_are() -> None:
    texts: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    collect(msgspec.to_builtins(load_catalogue()))
    assert len(texts) > 500
    assert all(orjson.dumps(text).decode() == f'"{text}"' for text in texts)


def test_goods_of_the_catalogue_have_codes_of_the_harmonized_system() -> None:
    catalogue = load_catalogue()
    goods = [*catalogue.goods, *catalogue.prohibited, *catalogue.misdescribed, catalogue.split]
    assert {item.commodity_code for item in goods} <= hs_subheadings()
    assert len(catalogue.goods) >= 60
