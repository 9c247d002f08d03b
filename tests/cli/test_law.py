"""`greenlane law`: the law checked, shown, and what changes in it."""

import json
import shutil
from pathlib import Path

from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.rulebook.book import LAW_FOLDER, load_rule_book


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["law", *arguments], env={"COLUMNS": "120"})


def test_the_law_of_this_release_is_well() -> None:
    result = run("check")
    assert result.exit_code == 0
    assert f"version {load_rule_book().version}: all is well" in result.stdout


def test_check_counts_for_machines() -> None:
    checked = json.loads(run("check", "--json").stdout)
    assert checked["version"] == load_rule_book().version
    assert set(checked["jurisdictions"]) == set(load_rule_book().sources)
    assert checked["jurisdictions"]["EU"]["unverified"] > 0


def test_a_fault_is_told_with_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "law"
    shutil.copytree(LAW_FOLDER, folder)
    path = folder / "TH" / "duty_and_tax.yaml"
    path.write_text(path.read_text().replace("until: 2026-01-01", "until: 2026-01-02", 1))
    fault = json.loads(run("check", "--folder", str(folder), "--json").stdout)["fault"]
    assert "TH/duty_and_tax.yaml, line 11: th.duty.limit: a period until 2026-01-02" in fault
    plain = run("check", "--folder", str(folder))
    assert plain.exit_code == 1
    assert str(plain.exception) == fault


def test_the_law_of_a_day_is_shown() -> None:
    result = run("show", "EU", "--on", "2026-07-01", "--only", "eu.duty")
    assert "European Union, 27 member states on 2026-07-01" in result.stdout
    assert "3.00 EUR per item" in result.stdout
    assert "eu.duty.tariff" in result.stdout
    assert "eu.vat.rate.DE" not in result.stdout


def test_the_law_as_it_was_known_on_a_day_is_shown() -> None:
    """Before Regulation 2026/382 was published, the relief of EUR 150 had no end."""
    show = ("show", "EU", "--on", "2026-07-01", "--only", "eu.duty.relief_limit", "--json")
    assert json.loads(run(*show).stdout)["parameters"][0]["text"] is None
    then = json.loads(run(*show, "--known-on", "2026-02-17").stdout)
    assert then["parameters"][0]["text"] == "150.00"


def test_changes_would_have_warned_of_what_ended() -> None:
    """Section 122 lapsed on 2026-07-24, and the handling fee was due by 2026-11-01."""
    listed = run("changes", "--from", "2026-07-24", "--to", "2026-11-01", "--json")
    found = {(one["day"], one["id"]): one for one in json.loads(listed.stdout)}
    lapsed = found["2026-07-24", "us.duty.surcharge"]
    assert (lapsed["before"], lapsed["after"]) == ("0.10 share of value", "not known")
    assert found["2026-11-01", "eu.fee.handling"]["status"] == "unverified"


def test_changes_of_one_jurisdiction_in_words() -> None:
    result = run("changes", "--from", "2026-01-01", "--to", "2026-01-01", "--jurisdiction", "TH")
    assert "th.duty.limit" in result.stdout
    assert "1500.00 THB" in result.stdout
    assert "mx." not in result.stdout


def test_a_rate_of_the_tariff_that_changes_is_a_change() -> None:
    listed = run("changes", "--from", "2026-01-01", "--to", "2026-01-01", "--json")
    found = {one["id"]: one for one in json.loads(listed.stdout)}
    assert found["us.section_301.850760"]["before"] == "7.5 %"
    assert found["us.section_301.850760"]["after"] == "25 %"


def test_changes_are_those_around_today_by_default() -> None:
    assert run("changes").exit_code == 0


def test_unusable_calls_are_told() -> None:
    for arguments, said in (
        (("show", "ZZ"), "there is no law of 'ZZ'"),
        (("show", "EU", "--on", "soon"), "'soon' is not a day such as 2026-07-01"),
        (("changes", "--from", "2026-02-01", "--to", "2026-01-01"), "is before --from"),
        (("changes", "--jurisdiction", "ZZ"), "there is no law of 'ZZ'"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split()).replace("│ ", "")
