"""What people type to call this program."""

import shutil
import sys
from pathlib import Path

NAME = "greenlane"


def program() -> str:
    """`greenlane`, or the path by which it was called while no folder of PATH holds it.

    Hints are to be copied: after `make demo`, the command lies in a virtual environment that is
    not activated.
    """
    called = Path(sys.argv[0])
    found = shutil.which(NAME)
    if called.name != NAME or (found and Path(found).samefile(called)):
        return NAME
    return sys.argv[0]
