"""Reading the files that commands are given, within a limit."""

import sys
from pathlib import Path

from pipeline.errors import InputFileError

STANDARD_INPUT = Path("-")
FILE_BYTES_MAX = 536_870_912
"""About 700,000 parcels; a file is held in memory while it is worked on."""


def read_file(path: Path) -> bytes:
    """Content of a file; `-` is standard input.

    Raises:
        InputFileError: it cannot be read, or is larger than the limit.
    """
    try:
        if path == STANDARD_INPUT:
            text = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with path.open("rb") as file:
                text = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise InputFileError(f"{path} cannot be read: {error.strerror}") from error
    if len(text) > FILE_BYTES_MAX:
        raise InputFileError(
            f"{path} has more than {FILE_BYTES_MAX:,} bytes; split it at its lines, one manifest "
            "in each"
        )
    return text
