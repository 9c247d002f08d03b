"""A process's wall clock goes wrong under way, its monotonic clock does not."""

import subprocess
import sys
from pathlib import Path

from tests.chaos.instruments.clock import WrongClock
from tests.stream.cluster import REPOSITORY

DAY_S = 86_400
PROGRAM = """
import sys, time
from pathlib import Path
from tests.chaos.instruments import clock
right_time = time.time
clock.install(Path(sys.argv[1]))
from time import time as bound_later
for line in sys.stdin:
    end = time.monotonic() + 10
    while round(bound_later() - right_time()) != int(line) and time.monotonic() < end:
        time.sleep(0.01)
    print(round(bound_later() - right_time()), time.monotonic() < end, flush=True)
"""


def test_the_clock_follows_its_file(tmp_path: Path):
    wrong = WrongClock(tmp_path / "clock")
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(wrong.path)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        assert program.stdin is not None
        assert program.stdout is not None
        for offset_s in (DAY_S, -DAY_S, 0):
            wrong.set(offset_s)
            program.stdin.write(f"{offset_s}\n")
            program.stdin.flush()
            assert program.stdout.readline() == f"the wall clock is now {offset_s:+d} s off\n"
            assert program.stdout.readline() == f"{offset_s} True\n"
