"""The Harmonized Tariff Schedule of the United States as the USITC exports it: JSON, line by line.

A revision has no dates of its own: whoever imports it says since when it holds.
"""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pipeline.errors import InputFileError
from pipeline.tariffs.duty_texts import american
from pipeline.tariffs.snapshot import UNSAID, LeftOut, Rate, Snapshot

SPECIAL_CHAPTERS = ("98", "99")
CODE_LENGTHS = frozenset({4, 6, 8, 10})


class _Line(Struct):
    """A line of the schedule; statistical lines of ten digits have no rates of their own."""

    htsno: str
    description: str = ""
    general: str = ""
    special: str = ""
    other: str = ""
    additional_duties: str | None = msgspec.field(name="additionalDuties", default=None)
    quota: str | None = msgspec.field(name="quotaQuantity", default=None)
    footnotes: list[dict[str, Any]] | None = None


def read_usitc_hts(path: Path, since: date) -> Snapshot:
    """Read an export of the whole schedule or of chapters; its rates hold from a day on.

    Raises:
        InputFileError: it cannot be read, or is no such export.
    """
    try:
        lines = msgspec.json.decode(path.read_bytes(), type=list[_Line])
    except (OSError, msgspec.DecodeError) as error:
        raise InputFileError(f"{path} is no export of the schedule: {error}") from error
    rates: list[Rate] = []
    left_out: list[LeftOut] = []
    for line in lines:
        code = line.htsno.replace(".", "")
        if not code or not (code.isascii() and code.isdigit() and len(code) in CODE_LENGTHS):
            if line.general:
                left_out.append(LeftOut(line.htsno, line.general, "it has no code", True))
            continue
        left_out += _beside(code, line)
        if not line.general:
            continue
        duty = american(line.general)
        if code.startswith(SPECIAL_CHAPTERS):
            why = "chapters 98 and 99 are law of their own"
            left_out.append(LeftOut(code, line.general, why))
        elif duty is None:
            left_out.append(LeftOut(code, line.general, UNSAID, True))
        else:
            rates.append(Rate(code, line.description.strip(), duty, since))
    return Snapshot(rates, left_out)


def _beside(code: str, line: _Line) -> list[LeftOut]:
    """What a line says beside its general rate."""
    notes = [str(note.get("value", "")) for note in line.footnotes or []]
    return [
        LeftOut(code, text, why)
        for text, why in (
            (line.special, "preferential rates are not read"),
            (line.other, "rates of column 2 are not read"),
            (line.additional_duties or "", "additional duties are not read"),
            (line.quota or "", "quotas are not read"),
            *((note, "additional duties of footnotes are not read") for note in notes if note),
        )
        if text
    ]
