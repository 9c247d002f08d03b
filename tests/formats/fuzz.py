"""Coverage-guided fuzzing of all adapters with libFuzzer, by way of atheris.

`make fuzz` runs it for ten minutes, with the examples and a canonical manifest to begin with:

    python -m tests.formats.fuzz CORPUS -max_total_time=600 -rss_limit_mb=1024 -timeout=10

A crash, a hang beyond the timeout or memory beyond the limit ends it with a file that repeats it.
"""

import sys
from pathlib import Path

import atheris
import msgspec

with atheris.instrument_imports(include=["pipeline.formats", "pipeline.model"]):
    from pipeline.formats.dispatch import FORMATS, decode
    from tests.builders import manifest
    from tests.formats.examples import EXAMPLES
    from tests.formats.mutate import decodes_well

FORMATS_BY_NUMBER = tuple(FORMATS.values())


def fuzz(data: bytes) -> None:
    """The first byte names a format, or none; the rest is the message."""
    number, message = data[:1], data[1:]
    named = number[0] % (len(FORMATS_BY_NUMBER) + 1) if number else 0
    decodes_well(message, FORMATS_BY_NUMBER[named - 1].decode if named else decode)


def write_seeds(folder: Path) -> None:
    """The messages to begin with."""
    folder.mkdir(parents=True, exist_ok=True)
    canonical = msgspec.json.encode(manifest())
    for name, message in {**EXAMPLES, "canonical": canonical}.items():
        (folder / name).write_bytes(b"\0" + message)


if __name__ == "__main__":
    write_seeds(Path(sys.argv[1]))
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()
