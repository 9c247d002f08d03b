"""What the simulated carriers plant is what the rooms find, and nothing else."""

from collections import Counter, defaultdict

import msgspec
import pytest

from pipeline.app import build_dry_run
from pipeline.model import Acknowledgement, Decision, Outcome
from pipeline.sandbox.carriers.catalogue import carriers_on_account
from pipeline.sandbox.carriers.simulate import Mix, simulate
from pipeline.sandbox.carriers.truth import MessageKind, ParcelKind, SimulatedMessage
from pipeline.sandbox.dry_run import DryRun, run_dry
from pipeline.settings import Settings

PARCELS = 10_000
RULE_OF_FAULT = {
    "consignee without name": "DQ06",
    "consignee without street": "DQ08",
    "vague description": "DQ12",
    "no description": "DQ12",
    "unknown commodity code": "DQ15",
    "unknown country of origin": "DQ08c",
    "quantity in words": "DQ22",
    "value of nothing": "DQ17",
    "mass of nothing": "DQ19",
    "unknown currency": "DQ17b",
    "wrong check digit": "DQ03",
}
MISDESCRIBED = ParcelKind.MISDESCRIBED
SUSPICIOUS = {"R01", "R03", "R04", "R05"}


@pytest.fixture(scope="module")
def messages() -> list[SimulatedMessage]:
    return list(simulate(PARCELS, 1, Mix(corrupt=0.1, repeat=0.1)))


@pytest.fixture(scope="module")
def dry_run(messages: list[SimulatedMessage]) -> DryRun:
    settings = Settings(on_account_carriers=carriers_on_account(), random_selection_per_million=0)
    return run_dry(build_dry_run(settings), [message.value for message in messages])


@pytest.fixture(scope="module")
def decisions(dry_run: DryRun) -> list[Decision]:
    return [msgspec.json.decode(value, type=Decision) for value in dry_run.decisions]


@pytest.fixture(scope="module")
def planted(messages: list[SimulatedMessage]) -> dict[str, ParcelKind]:
    return {key: kind for message in messages for key, kind in message.planted.items()}


def test_faulty_parcels_and_no_others_are_rejected_each_by_its_rule(
    messages: list[SimulatedMessage], dry_run: DryRun, planted: dict[str, ParcelKind]
) -> None:
    """Only misdescribed ones are warned of beside them: code and description do not agree."""
    expected = {
        key: RULE_OF_FAULT[fault] for message in messages for key, fault in message.faults.items()
    }
    found: dict[str, str] = {}
    for value in dry_run.acknowledgements:
        for fault in msgspec.json.decode(value, type=Acknowledgement).faults:
            if fault.severity == "warning":
                assert (fault.rule_id, planted[fault.parcel_id]) == ("DQ14", MISDESCRIBED)
            elif fault.parcel_id:
                found[fault.parcel_id] = fault.rule_id
    assert found == expected


def test_every_accepted_parcel_is_decided_once(
    messages: list[SimulatedMessage], dry_run: DryRun, decisions: list[Decision]
) -> None:
    answers = [msgspec.json.decode(a, type=Acknowledgement) for a in dry_run.acknowledgements]
    accepted = sum(answer.accepted_parcels for answer in answers if not answer.duplicate)
    assert len(decisions) == len({decision.parcel_id for decision in decisions}) == accepted
    rejected = sum(answer.rejected_parcels for answer in answers if not answer.duplicate)
    unreadable = sum(m.parcels for m in messages if m.kind is MessageKind.CORRUPT)
    assert accepted + rejected + unreadable == PARCELS


def test_repeats_are_acknowledged_again_and_corrupt_messages_are_dead_letters(
    messages: list[SimulatedMessage], dry_run: DryRun
) -> None:
    kinds = Counter(message.kind for message in messages)
    answers = [msgspec.json.decode(a, type=Acknowledgement) for a in dry_run.acknowledgements]
    assert sum(answer.duplicate for answer in answers) == kinds[MessageKind.REPEAT] > 0
    assert len(dry_run.dead_letters) == kinds[MessageKind.CORRUPT] > 0


def test_prohibited_goods_are_all_inspected(
    decisions: list[Decision], planted: dict[str, ParcelKind]
) -> None:
    outcomes = outcomes_of(ParcelKind.PROHIBITED, decisions, planted)
    assert set(outcomes) == {Outcome.INSPECTION}
    assert outcomes[Outcome.INSPECTION] > 20


def test_most_undervalued_parcels_are_inspected(
    decisions: list[Decision], planted: dict[str, ParcelKind]
) -> None:
    outcomes = outcomes_of(ParcelKind.UNDERVALUED, decisions, planted)
    assert outcomes[Outcome.INSPECTION] > 0.8 * outcomes.total() > 50


def outcomes_of(
    kind: ParcelKind, decisions: list[Decision], planted: dict[str, ParcelKind]
) -> Counter[Outcome]:
    return Counter(d.outcome for d in decisions if planted.get(d.parcel_id) is kind)


def test_misdescribed_goods_are_noticed(
    decisions: list[Decision], planted: dict[str, ParcelKind]
) -> None:
    fired = [
        {hit.rule_id for hit in decision.rules}
        for decision in decisions
        if planted.get(decision.parcel_id) is ParcelKind.MISDESCRIBED
    ]
    assert len(fired) > 20
    assert all("R04" in rules for rules in fired)


def test_of_a_split_purchase_only_the_first_parcel_passes_unnoticed(
    decisions: list[Decision], planted: dict[str, ParcelKind]
) -> None:
    noticed: defaultdict[bool, int] = defaultdict(int)
    for decision in decisions:
        if planted.get(decision.parcel_id) is ParcelKind.SPLIT:
            noticed["R03" in {hit.rule_id for hit in decision.rules}] += 1
    assert noticed[True] > noticed[False] > 0


def test_clean_parcels_raise_no_suspicion(
    decisions: list[Decision], planted: dict[str, ParcelKind]
) -> None:
    clean = [decision for decision in decisions if decision.parcel_id not in planted]
    assert len(clean) > 0.9 * len(decisions)
    for decision in clean:
        assert not SUSPICIOUS & {hit.rule_id for hit in decision.rules}
