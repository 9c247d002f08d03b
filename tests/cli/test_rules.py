"""`greenlane rules`: the published rule book."""

import json

from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.intake.rules import load_data_rules


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["rules", *arguments])


def test_every_rule_stands_in_the_table() -> None:
    result = run()
    assert result.exit_code == 0
    shown = {line.split()[0] for line in result.stdout.splitlines() if line.strip()}
    assert shown >= set(load_data_rules().by_id)


def test_one_rule_in_full() -> None:
    result = run("DQ12")
    assert "DQ12 (error): the description does not let Customs identify the goods" in result.stdout
    assert "to mend it: say what it is" in result.stdout
    assert '{"/items/0/description":"clothing"}' in result.stdout


def test_one_rule_for_machines() -> None:
    assert json.loads(run("DQ17", "--json").stdout)["severity"] == "error"


def test_an_unknown_rule_is_an_unusable_call() -> None:
    result = run("DQ99")
    assert result.exit_code == 2
    assert "there is no rule DQ99" in result.stderr


def test_the_whole_book_for_machines() -> None:
    book = json.loads(run("--json").stdout)
    rules = load_data_rules()
    assert book["rules_version"] == rules.version
    assert [rule["id"] for rule in book["rules"]] == list(rules.by_id)
    assert {"/carrier", "/parcels/*/items/*/description"} <= {f["pointer"] for f in book["fields"]}
    codes = {codes["name"]: codes["codes"] for codes in book["code_lists"]}
    assert "610910" in codes["commodity codes"]
    assert "DE" in codes["countries"]
    assert "invalid_json" in book["errors"]
    assert book["term_lists"]["vague_terms"]["licence"]
    assert book["descriptions"]["pairs"]
