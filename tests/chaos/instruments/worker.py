"""The product's worker, with what tests do to it: `python -m tests.chaos.instruments.worker`.

CHAOS_TRAPS   a folder of `Traps`: the worker stops or kills itself where it is told to
CHAOS_MUTANT  the name of a mutant of `tests.chaos.mutants`: a fault of the program itself
CHAOS_CLOCK   the file of a `WrongClock`

Without any of them it is the product's worker and nothing else. Arguments are those of
`greenlane worker`.
"""

import os
import sys
from pathlib import Path

from tests.chaos.instruments import clock

COMMAND = (sys.executable, "-m", "tests.chaos.instruments.worker")


def main() -> None:
    """Do to the worker what the environment says, and run it."""
    # The clock first: what is imported below may bind `time.time`.
    if path := os.environ.get("CHAOS_CLOCK"):
        clock.install(Path(path))
    from pipeline.cli.main import main as greenlane  # noqa: PLC0415
    from tests.chaos.instruments.infections import INFECTIONS  # noqa: PLC0415
    from tests.chaos.instruments.traps import TrappedWorker, Traps  # noqa: PLC0415

    # The mutant before the traps: what it does to a step then happens inside that step.
    if name := os.environ.get("CHAOS_MUTANT"):
        INFECTIONS[name]()
    if folder := os.environ.get("CHAOS_TRAPS"):
        TrappedWorker(Traps(Path(folder)), os.environ["GREENLANE_WORKER_ID"]).install()
    sys.argv.insert(1, "worker")
    greenlane()


if __name__ == "__main__":
    main()
