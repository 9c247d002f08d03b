"""Severities change while workers run, and every acknowledgement says which ones it judged by."""

import logging
from pathlib import Path

import pytest

from pipeline.app import build_dry_run
from pipeline.errors import RuleBookError
from pipeline.intake.rules import load_data_rules
from pipeline.model import AcknowledgementStatus, Severity
from pipeline.sandbox.dry_run import run_dry
from pipeline.settings import Settings
from tests.builders import goods_item, manifest, parcel
from tests.intake.intake import Intake, messages_of

RULES = load_data_rules()
WITHOUT_ORIGIN = [parcel(items=[goods_item(origin_country="")])]


def write(path: Path, severities: str) -> Path:
    """Put a file in place at once, as an operator should."""
    beside = path.with_suffix(".new")
    beside.write_text(f"reason: test\nseverities: {{{severities}}}\n", encoding="utf-8")
    return beside.replace(path)


def test_a_changed_severity_holds_for_the_next_message_and_is_recorded(tmp_path: Path) -> None:
    file = write(tmp_path / "severities.yaml", "")
    intake = Intake(severity_file=str(file))
    before = intake.answer(manifest(parcels=WITHOUT_ORIGIN))
    write(file, "DQ16: error")
    after = intake.answer(manifest(version=2, parcels=WITHOUT_ORIGIN))
    write(file, "DQ16: ignore")
    at_last = intake.answer(manifest(version=3, parcels=WITHOUT_ORIGIN))
    answers = (before, after, at_last)
    assert [answer.accepted_parcels for answer in answers] == [1, 0, 1]
    assert [len(answer.faults) for answer in answers] == [1, 1, 0]
    assert [answer.severity_overrides for answer in answers] == [
        {},
        {"DQ16": "error"},
        {"DQ16": "ignore"},
    ]
    assert after.faults[0].severity is Severity.ERROR
    assert {answer.rules_version for answer in answers} == {RULES.version}
    assert [announced.warnings for announced in intake.announced] == [["DQ16"], []]


def test_a_repeat_names_the_severities_too(tmp_path: Path) -> None:
    file = write(tmp_path / "severities.yaml", "DQ13: ignore")
    intake = Intake(severity_file=str(file))
    intake.publish(manifest())
    again = intake.answer(manifest())
    assert again.duplicate
    assert (again.rules_version, again.severity_overrides) == (RULES.version, {"DQ13": "ignore"})


def test_a_warning_on_the_manifest_travels_with_each_parcel_and_is_told_once() -> None:
    intake = Intake()
    answer = intake.answer(
        manifest(itinerary=["CN", "FR"], parcels=[parcel(), parcel(parcel_id="B")])
    )
    assert answer.status is AcknowledgementStatus.ACCEPTED_WITH_WARNINGS
    assert [(fault.rule_id, fault.pointer) for fault in answer.faults] == [("DQ27", "/itinerary")]
    assert [announced.warnings for announced in intake.announced] == [["DQ27"]] * 2


def test_a_warning_on_the_manifest_made_an_error_refuses_it(tmp_path: Path) -> None:
    file = write(tmp_path / "severities.yaml", "DQ27: error")
    answer = Intake(severity_file=str(file)).answer(manifest(itinerary=["CN", "FR"]))
    assert answer.status is AcknowledgementStatus.REJECTED
    assert (answer.faults[0].rule_id, answer.rejected_parcels) == ("DQ27", 1)


@pytest.mark.parametrize(
    ("severities", "text"),
    [
        ("DQ99: error", "there is no rule DQ99"),
        ("DQ17: warning", "DQ17 must stay an error: duty"),
        ("DQ17: ignore", "DQ17 must stay an error"),
        ("DQ12: fatal", "Invalid enum value 'fatal'"),
    ],
)
def test_a_worker_does_not_start_with_an_unusable_file(
    tmp_path: Path, severities: str, text: str
) -> None:
    file = write(tmp_path / "severities.yaml", severities)
    with pytest.raises(RuleBookError, match=text):
        Intake(severity_file=str(file))


def test_a_worker_does_not_start_without_its_file(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match=r"severities\.yaml"):
        Intake(severity_file=str(tmp_path / "severities.yaml"))


def test_a_file_that_becomes_unusable_changes_nothing_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = write(tmp_path / "severities.yaml", "DQ16: error")
    intake = Intake(severity_file=str(file))
    file.write_text("severities: [", encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        for version in (1, 2):
            answer = intake.answer(manifest(version=version, parcels=WITHOUT_ORIGIN))
            assert answer.severity_overrides == {"DQ16": "error"}
        file.unlink()
        assert intake.answer(manifest(version=3)).severity_overrides == {"DQ16": "error"}
    assert [record.message[:31] for record in caplog.records] == [
        "severities stay as they were: /"
    ] * 2


@pytest.mark.parametrize("rule_id", [rule.id for rule in RULES.by_id.values() if not rule.locked])
def test_parcels_that_a_lowered_rule_lets_pass_are_decided_without_a_fault_of_the_system(
    rule_id: str, tmp_path: Path
) -> None:
    """Only rules that say why are locked; all others may be lowered, here all at once."""
    unlocked = [rule.id for rule in RULES.by_id.values() if not rule.locked]
    file = write(tmp_path / "severities.yaml", ", ".join(f"{name}: warning" for name in unlocked))
    settings = Settings(severity_file=str(file))
    for example in RULES.by_id[rule_id].rejected:
        intake = Intake(severity_file=str(file))
        messages = list(messages_of(example))
        for document in messages:
            intake.publish(document, key=key_of(document))
        stream = build_dry_run(settings)
        dry_run = run_dry(
            stream, [record.value or b"" for record in intake.stream.read("manifests")]
        )
        assert dry_run.dead_letters == []
        assert len(dry_run.decisions) == sum(len(m["parcels"]) for m in messages)


def key_of(document: dict[str, str]) -> bytes:
    return f"{document['carrier']}/{document['manifest_id']}".encode()
