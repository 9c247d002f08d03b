"""The page `docs/metrics.md`, made from the metrics themselves.

`python -m pipeline.ops.reference` writes it, `--check` fails when it is out of date.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from pipeline.ops.metrics import Description, Metrics

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
HEAD = """\
# Metrics

<!-- Made by `python -m pipeline.ops.reference` (`make reference`); do not edit. -->

Every worker serves these on its web port under `/metrics`, counted after the commit of each cycle:
what was rolled back is never counted. Counters start again at zero with the worker, so use `rate`
and `increase`; sums over the whole life of the data are the ledger's (`greenlane ledger`).
Histograms also have the series `_bucket`, `_sum` and `_count`. What to do when a figure looks bad
stands in [operators.md](operators.md).

| metric | type | labels | meaning |
|---|---|---|---|
"""
FOOT = """
Beside these: `process_*` (CPU seconds, memory, open files, start time of the process) as
prometheus-client defines them.
"""


def reference_page(descriptions: Sequence[Description]) -> str:
    """The page as Markdown text."""
    rows = (
        f"| `{found.name}` | {found.type} | "
        f"{', '.join(f'`{label}`' for label in found.labels)} | {found.meaning} |\n"
        for found in descriptions
    )
    return HEAD + "".join(rows) + FOOT


def main(arguments: Sequence[str], page: Path = PAGE) -> int:
    """Write the page, or with `--check` compare it; exit status."""
    text = reference_page(Metrics(CollectorRegistry()).descriptions)
    if "--check" not in arguments:
        page.write_text(text, encoding="utf-8")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{page.name} is out of date: run `make reference`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
