"""The dashboard: legible, in step with the metrics, and every query returns data of a real run."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from pipeline.ops.metrics import Metrics
from tests.deploy.prometheus import Prometheus

DASHBOARD: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "deploy/grafana/dashboards/greenlane.json").read_text()
)
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [
    pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for panel in PANELS
    for target in panel["targets"]
]
DESCRIPTIONS = Metrics(CollectorRegistry()).descriptions
SERIES = {found.name for found in DESCRIPTIONS} | {
    found.name + suffix
    for found in DESCRIPTIONS
    if found.type == "histogram"
    for suffix in ("_bucket", "_sum", "_count")
}
DATA_DEADLINE_S = 45.0


def by_title(panel: dict[str, Any]) -> str:
    return str(panel["title"])


@pytest.fixture(scope="module")
def prometheus(
    worker_run: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    with Prometheus(worker_run, tmp_path_factory.mktemp("prometheus")) as server:
        yield server


@pytest.mark.broker
@pytest.mark.parametrize("query", QUERIES)
def test_the_query_returns_data_of_a_real_run(prometheus: Prometheus, query: str) -> None:
    asked = query.replace("$__rate_interval", "20s").replace("$__range", "1m")
    assert "$" not in asked
    assert prometheus.until_values(asked, DATA_DEADLINE_S), asked


@pytest.mark.parametrize("query", QUERIES)
def test_the_query_asks_for_metrics_that_exist(query: str) -> None:
    asked = set(re.findall(r"\bgreenlane_\w+", query))
    assert asked <= SERIES


def test_every_metric_has_its_place_on_the_dashboard() -> None:
    asked = " ".join(str(parameter.values[0]) for parameter in QUERIES)
    missing = [found.name for found in DESCRIPTIONS if found.name not in asked]
    assert missing == []


@pytest.mark.parametrize("panel", PANELS, ids=by_title)
def test_the_panel_explains_itself(panel: dict[str, Any]) -> None:
    """A title, a sentence or more on what is seen, and a unit."""
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]


def test_the_dashboard_keeps_its_address() -> None:
    """Links of alerts and bookmarks rest on the uid."""
    assert DASHBOARD["uid"] == "greenlane"


def test_the_first_row_answers_whether_it_is_well() -> None:
    assert DASHBOARD["panels"][0]["title"] == "Is it well?"
    assert DASHBOARD["panels"][0]["gridPos"]["y"] == 0


def test_panels_do_not_overlap_and_fit_the_grid() -> None:
    def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
        return (
            one["x"] < other["x"] + other["w"]
            and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"]
            and other["y"] < one["y"] + one["h"]
        )

    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert not [pair for pair in combinations(places, 2) if overlap(*pair)]


def test_panel_ids_are_unique() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
