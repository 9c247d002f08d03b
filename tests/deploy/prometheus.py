"""A real Prometheus on loopback that scrapes given addresses."""

import json
import math
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from pipeline.sandbox.ports import free_port

START_DEADLINE_S = 30.0
POLL_S = 0.2


def tool(name: str) -> str:
    """Path of `prometheus` or `promtool` (Debian: prometheus); CI must have them."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed; .ci/run installs it")
        pytest.skip(f"{name} is not installed (Debian: apt-get install prometheus)")
    return found


class Prometheus:
    """A server process with its data in a folder, as a context manager."""

    def __init__(self, targets: Sequence[str], folder: Path) -> None:
        self._url = f"http://127.0.0.1:{(port := free_port())}"
        self._log_path = folder / "prometheus.log"
        config = folder / "prometheus.yml"
        job = {"job_name": "greenlane", "static_configs": [{"targets": list(targets)}]}
        limits = {"scrape_interval": "500ms", "scrape_timeout": "500ms"}
        config.write_text(yaml.safe_dump({"global": limits, "scrape_configs": [job]}))
        self._command = [
            tool("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]

    def __enter__(self) -> "Prometheus":
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        end = time.monotonic() + START_DEADLINE_S
        while not self._is_ready():
            assert time.monotonic() < end, self._log_path.read_text()[-2000:]
            assert self._process.poll() is None, self._log_path.read_text()[-2000:]
            time.sleep(POLL_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def values(self, query: str) -> list[float]:
        """Numbers an instant query returns now; NaN and infinity left out."""
        parameters = urlencode({"query": query})
        with urlopen(f"{self._url}/api/v1/query?{parameters}", timeout=10) as answer:  # noqa: S310
            result = json.load(answer)["data"]["result"]
        numbers = [float(series["value"][1]) for series in result]
        return [number for number in numbers if math.isfinite(number)]

    def until_values(self, query: str, deadline_s: float) -> list[float]:
        """Wait until a query returns numbers; empty if it does not in time."""
        end = time.monotonic() + deadline_s
        while not (found := self.values(query)) and time.monotonic() < end:
            time.sleep(POLL_S)
        return found

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"{self._url}/-/ready", timeout=1) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False
