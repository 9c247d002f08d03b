"""Every example of every data rule, run through the room."""

import re
from pathlib import Path

import pytest

from pipeline.errors import RuleBookError
from pipeline.intake.rules import SUBJECT, DataRule, Example, load_data_rules, read_data_rules
from pipeline.model import Severity
from pipeline.rulebook.description_words import DESCRIPTION_WORDS_FILE
from pipeline.rulebook.files import RULEBOOK_FOLDER, yaml_files
from tests.intake.intake import Intake, messages_of, ordinary_manifest

MANIFEST_RULES = RULEBOOK_FOLDER / SUBJECT / "manifest.yaml"
CATALOGUE = {f"DQ{number:02}" for number in range(1, 32)}
EXAMPLES_MIN = 3
RULES = load_data_rules().by_id
EXAMPLES = [
    pytest.param(rule, fires, example, id=f"{rule.id} {'fires' if fires else 'rests'} {example}")
    for rule in RULES.values()
    for fires, examples in ((True, rule.rejected), (False, rule.accepted))
    for example in examples
]


def test_every_rule_of_the_catalogue_is_there() -> None:
    assert set(RULES) >= CATALOGUE


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_each_rule_has_at_least_three_examples_of_either_kind(rule: DataRule) -> None:
    assert min(len(rule.accepted), len(rule.rejected)) >= EXAMPLES_MIN


@pytest.mark.parametrize(("rule", "fires", "example"), EXAMPLES)
def test_example(rule: DataRule, fires: bool, example: Example) -> None:
    """A rejected example breaks its rule with the rule's weight; an accepted one has no error."""
    intake = Intake()
    for document in messages_of(example):
        key = f"{document['carrier']}/{document['manifest_id']}".encode()
        intake.publish(document, key=key)
    acknowledgement = intake.acknowledgements[-1]
    fault = next((f for f in acknowledgement.faults if f.rule_id == rule.id), None)
    assert (fault is not None) is fires
    if not fires:
        assert [f for f in acknowledgement.faults if f.severity is Severity.ERROR] == []
    if fault:
        assert any(re.fullmatch(pattern_of(field), fault.pointer) for field in rule.fields)
        assert fault.severity is rule.severity
        if rule.severity is Severity.ERROR:
            assert acknowledgement.rejected_parcels > 0


def pattern_of(field: str) -> str:
    """A rule's field as a regular expression over JSON pointers into the message."""
    if field == "/*":
        return ".*"
    return r"(/parcels/\d+)?" + re.escape(field).replace(r"\*", r"\d+")


def test_an_ordinary_manifest_breaks_no_rule() -> None:
    acknowledgement = Intake().answer(ordinary_manifest())
    assert acknowledgement.faults == []
    assert acknowledgement.accepted_parcels == 1


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_limits_and_fields_of_a_rule_are_in_its_own_words(rule: DataRule) -> None:
    """What a carrier reads names neither code nor list files."""
    for text in (rule.text, rule.correction):
        assert not re.search(r"\.yaml|_checker|\bDQ\d\d", text)
        assert text[0].islower() or text[0].isdigit() or text.split()[0].isupper()


def test_another_content_has_another_version(tmp_path: Path) -> None:
    sources = (*yaml_files(SUBJECT), DESCRIPTION_WORDS_FILE)
    paths = [tmp_path / path.parent.name / path.name for path in sources]
    for path, source in zip(paths, sources, strict=True):
        path.parent.mkdir(exist_ok=True)
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
    with pytest.raises(RuleBookError, match=r"brand_names\.yaml is missing"):
        read_data_rules([MANIFEST_RULES])
