"""Prometheus' configuration and alerts: accepted by its own tool, tested, and each explained."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.prometheus import tool
from tests.deploy.test_dashboard import SERIES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/prometheus"
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
CASES = Path(__file__).parent / "alert_cases.yml"
OPERATORS_PAGE = (ROOT / "docs/operators.md").read_text()


def promtool(*arguments: str) -> None:
    ran = subprocess.run(
        [tool("promtool"), *arguments], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def by_name(alert: dict[str, Any]) -> str:
    return str(alert["alert"])


def test_prometheus_accepts_its_configuration() -> None:
    promtool("check", "config", str(FOLDER / "prometheus.yml"))


def test_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", str(CASES))


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_an_alert_is_tested_both_ways(alert: dict[str, Any]) -> None:
    """One case in which it fires, one in which it does not."""
    cases = [
        bool(case.get("exp_alerts"))
        for test in yaml.safe_load(CASES.read_text())["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == alert["alert"]
    ]
    assert set(cases) == {True, False}


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_an_alert_has_its_section_for_operators(alert: dict[str, Any]) -> None:
    name = alert["alert"]
    assert alert["annotations"]["runbook_url"] == f"docs/operators.md#{name.lower()}"
    [section] = re.findall(rf"^### {name}\n(.*?)(?=^##)", OPERATORS_PAGE, re.MULTILINE | re.DOTALL)
    for part in ("Symptom", "Metric", "Action", "Check"):
        assert f"- **{part}:**" in section


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_an_alert_says_how_bad_it_is(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["annotations"]["summary"].endswith(".")


def test_alerts_and_the_operators_page_name_metrics_that_exist() -> None:
    named = set(re.findall(r"\bgreenlane_[a-z_]+", OPERATORS_PAGE + str(ALERTS)))
    assert named <= SERIES


def test_the_operators_page_names_panels_that_exist() -> None:
    """Names of panels stand in italics in the table of symptoms."""
    dashboard = (ROOT / "deploy/grafana/dashboards/greenlane.json").read_text()
    rows = [line for line in OPERATORS_PAGE.splitlines() if re.match(r"\| .*\]\(#", line)]
    named = [name for row in rows for name in re.findall(r"\*([^*]+)\*", row)]
    assert len(named) > 10
    assert [name for name in named if f'"title": "{name}' not in dashboard] == []


def test_links_within_the_operators_page_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", OPERATORS_PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", OPERATORS_PAGE)) <= headings
