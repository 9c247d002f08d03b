"""Simulated carriers: same seed, same bytes; known truth that holds."""

from collections import Counter
from itertools import islice

import msgspec
import pytest

from pipeline.intake.check_parcel import looks_like_s10, s10_check_digit
from pipeline.intake.room import IntakeRoom
from pipeline.intake.rules import load_data_rules
from pipeline.model import Manifest, ManifestFrame, Parcel, Severity
from pipeline.model.manifest import SCHEMA_VERSION
from pipeline.sandbox.carriers.simulate import Mix, Simulation, simulate
from pipeline.sandbox.carriers.truth import MessageKind, ParcelKind, SimulatedMessage
from pipeline.settings import Settings

PARCELS = 6_000


@pytest.fixture(scope="module")
def messages() -> list[SimulatedMessage]:
    return list(simulate(PARCELS, seed=11))


def readable(messages: list[SimulatedMessage]) -> list[SimulatedMessage]:
    return [message for message in messages if message.kind is not MessageKind.CORRUPT]


def test_the_same_seed_gives_the_same_bytes(messages: list[SimulatedMessage]) -> None:
    assert list(simulate(PARCELS, seed=11)) == messages


def test_another_seed_gives_other_manifests(messages: list[SimulatedMessage]) -> None:
    other = {message.key for message in simulate(PARCELS, seed=12)}
    assert not other & {message.key for message in messages}


def test_exactly_the_asked_number_of_parcels_is_announced(
    messages: list[SimulatedMessage],
) -> None:
    """Repeats do not count; conflicts and cut-off messages do."""
    assert sum(message.announced for message in messages) == PARCELS


def test_every_message_holds_the_parcels_it_says(messages: list[SimulatedMessage]) -> None:
    for message in readable(messages):
        frame = msgspec.json.decode(message.value, type=ManifestFrame)
        assert len(frame.parcels) == message.parcels
        assert frame.schema_version == SCHEMA_VERSION
        assert message.key.decode() == f"{frame.carrier}/{frame.manifest_id}"


def test_a_cut_off_message_is_no_json() -> None:
    mix = Mix(corrupt=1.0)
    (message,) = islice(simulate(60, 3, mix), 1)
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(message.value)


def test_a_message_without_planted_wrong_types_is_a_manifest() -> None:
    """The JSON text that is written directly is what the model reads."""
    for message in simulate(2_000, 5, Mix(faulty=0, corrupt=0)):
        manifest = msgspec.json.decode(message.value, type=Manifest)
        again = msgspec.json.decode(msgspec.json.encode(manifest), type=Manifest)
        assert again == manifest


def test_postal_ids_have_right_check_digits(messages: list[SimulatedMessage]) -> None:
    ids = [
        parcel_id
        for message in readable(messages)
        for parcel_id in message.planted
        if looks_like_s10(parcel_id)
    ]
    assert ids
    assert all(s10_check_digit(parcel_id[2:10]) == int(parcel_id[10]) for parcel_id in ids)


def test_faulty_parcels_break_an_error_rule_and_others_do_not(
    messages: list[SimulatedMessage],
) -> None:
    """The truth about faults is what intake finds."""
    rules = load_data_rules()
    room = IntakeRoom(Settings(), rules)
    for message in readable(messages):
        frame = msgspec.json.decode(message.value, type=ManifestFrame)
        if message.kind is MessageKind.CONFLICT:
            continue
        for raw in frame.parcels:
            try:
                parcel = msgspec.json.decode(raw, type=Parcel)
            except msgspec.ValidationError:
                parcel_id = msgspec.json.decode(raw)["parcel_id"]
                assert message.planted[parcel_id] is ParcelKind.FAULTY
                continue
            errors = [
                finding.rule_id
                for finding in room.check(parcel, frame.destination_country)
                if rules.by_id[finding.rule_id].severity is Severity.ERROR
            ]
            planted = message.planted.get(parcel.parcel_id) is ParcelKind.FAULTY
            assert bool(errors) is planted, (errors, parcel)


def test_everything_is_planted_in_its_share() -> None:
    planted: Counter[ParcelKind] = Counter()
    kinds: Counter[MessageKind] = Counter()
    for message in simulate(60_000, seed=2):
        planted.update(message.planted.values())
        kinds[message.kind] += 1
    assert set(planted) == set(ParcelKind)
    assert set(kinds) == set(MessageKind)
    assert 900 <= planted[ParcelKind.FAULTY] <= 1_500  # 2 % of 60,000


def test_a_simulation_goes_on_with_new_manifests() -> None:
    simulation = Simulation(seed=1)
    first = {message.key for message in simulation.messages(500)}
    second = {message.key for message in simulation.messages(500)}
    assert not first & second
