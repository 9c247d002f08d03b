"""Where the public evaluation data lies. It is not part of the product."""

import os
from pathlib import Path

import pytest

DATA_FOLDER = Path(
    os.environ.get("GREENLANE_DATA", Path(__file__).parents[1].parent / "shared" / "data")
)


def data_file(name: str) -> Path:
    """Path of one file; where it is missing, the test is skipped, but in CI it fails."""
    path = DATA_FOLDER / name
    if path.exists():
        return path
    message = f"{path} is missing; set GREENLANE_DATA to the folder with the evaluation data"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
