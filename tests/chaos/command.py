"""What the commands of the fault suite have in common."""

import logging
import random
from pathlib import Path

from rich.console import Console

TABLE_WIDTH = 120
SEEDS = 1_000_000


def open_console(*, to_stderr: bool) -> Console:
    """Where a command tells its progress; to standard error, if its last line is JSON."""
    console = Console(stderr=to_stderr, highlight=False, soft_wrap=True)
    console.width = max(console.width, TABLE_WIDTH)
    return console


def log_beside(report: Path) -> None:
    """Send aiokafka's complaints while brokers are away to a file beside the report.

    What matters of them is told by the verdict.
    """
    report.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=report.with_suffix(".log"), filemode="w", level=logging.WARNING)


def drawn(seed: int | None) -> int:
    """The seed that was asked for, or a new one."""
    return random.SystemRandom().randrange(SEEDS) if seed is None else seed
