"""Every example of every data rule, run through the room."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import RuleBookError
from pipeline.intake.rules import SUBJECT, DataRule, load_data_rules, read_data_rules
from pipeline.model import Severity
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml, yaml_files
from tests.intake.intake import Intake, change, ordinary_manifest

MANIFEST_RULES = RULEBOOK_FOLDER / SUBJECT / "manifest.yaml"
WHOLE_MANIFEST = {rule.id for rule in read_yaml(MANIFEST_RULES, list[DataRule])}
TESTED_BY_STORIES = {"DQ02", "DQ04", "DQ27"}  # these need two messages or two parcels
EXAMPLES = [
    pytest.param(rule, fires, example, id=f"{rule.id} {'fires' if fires else 'rests'} {example}")
    for rule in load_data_rules().by_id.values()
    for fires, examples in ((True, rule.rejected), (False, rule.accepted))
    for example in examples
]


@pytest.mark.parametrize(("rule", "fires", "example"), EXAMPLES)
def test_example(rule: DataRule, fires: bool, example: dict[str, Any]) -> None:
    """A rejected example breaks its rule with the rule's weight, an accepted one does not."""
    document = ordinary_manifest()
    for pointer, value in example.items():
        place = pointer if rule.id in WHOLE_MANIFEST else f"/parcels/0{pointer}"
        change(document, place, value)
    acknowledgement = Intake().answer(document)
    fault = next((f for f in acknowledgement.faults if f.rule_id == rule.id), None)
    assert (fault is not None) is fires
    if fault and rule.severity is Severity.ERROR:
        assert acknowledgement.rejected_parcels == 1
    if fault and rule.id not in WHOLE_MANIFEST:
        assert fault.pointer.startswith("/parcels/0")


@pytest.mark.parametrize("rule", load_data_rules().by_id.values(), ids=lambda rule: rule.id)
def test_each_rule_has_an_example_that_breaks_it(rule: DataRule) -> None:
    assert rule.rejected or rule.id in TESTED_BY_STORIES


def test_an_ordinary_manifest_breaks_no_rule() -> None:
    acknowledgement = Intake().answer(ordinary_manifest())
    assert acknowledgement.faults == []
    assert acknowledgement.accepted_parcels == 1


def test_another_content_has_another_version(tmp_path: Path) -> None:
    paths = [tmp_path / path.name for path in yaml_files(SUBJECT)]
    for path, source in zip(paths, yaml_files(SUBJECT), strict=True):
        path.write_bytes(source.read_bytes())
    assert read_data_rules(paths).version == load_data_rules().version
    paths[0].write_bytes(paths[0].read_bytes() + b"# a remark")
    assert read_data_rules(paths).version != load_data_rules().version


def test_a_rule_without_a_field_is_refused_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("- {id: DQ99, severity: error}", encoding="utf-8")
    with pytest.raises(RuleBookError, match=r"rules\.yaml.*version"):
        read_data_rules([path])


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(RuleBookError, match="twice"):
        read_data_rules([MANIFEST_RULES, MANIFEST_RULES])


def test_a_missing_list_is_refused() -> None:
    with pytest.raises(RuleBookError, match=r"vague_terms\.yaml is missing"):
        read_data_rules([MANIFEST_RULES])
