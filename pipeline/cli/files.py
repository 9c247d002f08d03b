"""Files that commands read: what cannot be a manifest is told before anything else is."""

import codecs
import sys
from pathlib import Path

from pipeline.errors import InputFileError

STANDARD_INPUT = Path("-")
FILE_BYTES_MAX = 536_870_912
"""About 700,000 parcels; a file is held in memory while it is worked on."""
COMPRESSED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd"}
"""How compressed files begin."""


def read_file(path: Path) -> bytes:
    """Content of a file, or of standard input for "-", without a byte order mark.

    Raises:
        InputFileError: it cannot be read, is empty, compressed or too large; the text names it.
    """
    name = "standard input" if path == STANDARD_INPUT else str(path)
    try:
        if path == STANDARD_INPUT:
            text = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with path.open("rb") as file:
                text = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise InputFileError(f"{name} cannot be read: {error.strerror}") from error
    if len(text) > FILE_BYTES_MAX:
        raise InputFileError(
            f"{name} has more than {FILE_BYTES_MAX:,} bytes; divide its manifests among several"
        )
    text = text.removeprefix(codecs.BOM_UTF8)
    if not text.strip():
        raise InputFileError(f"{name} is empty")
    for beginning, format_name in COMPRESSED.items():
        if text.startswith(beginning):
            raise InputFileError(f"{name} is compressed ({format_name}); unpack it first")
    return text
