"""Names, types and labels of the metrics, judged by Prometheus' own linter."""

import subprocess

from prometheus_client import CollectorRegistry, generate_latest

from pipeline.app import build_rooms
from pipeline.ops.metrics import Metrics
from pipeline.settings import Settings
from tests.deploy.prometheus import tool


def lint(page: bytes) -> str:
    """What `promtool` says against a page of metrics; nothing, if it is as it should be."""
    command = [tool("promtool"), "check", "metrics"]
    ran = subprocess.run(command, input=page, capture_output=True, check=False)
    return (ran.stdout + ran.stderr).decode()


def test_the_metrics_follow_the_conventions() -> None:
    rooms = build_rooms(Settings())
    registry = CollectorRegistry()
    Metrics(registry, rooms).set_worker("w1", rooms[1].versions)
    assert lint(generate_latest(registry)) == ""


def test_the_linter_finds_faults() -> None:
    page = b"# HELP parcels Parcels.\n# TYPE parcels counter\nparcels 1\n"
    assert 'should have "_total" suffix' in lint(page)
