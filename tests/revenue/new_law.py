"""New law to publish: the flat duty of the Union becomes EUR 4 on a day."""

from pathlib import Path

from pipeline.rulebook.book import LAW_FOLDER

PATH = "EU/duty.yaml"
_PERIOD = '{from: 2026-07-01, until: 2028-07-01, known: 2026-02-18, value: "3.00",'


def flat_duty_of_four(day: str) -> str:
    """The file of the Union's duty with another flat duty from a day on."""
    text = (LAW_FOLDER / PATH).read_text()
    assert text.count(_PERIOD) == 1
    rest = "status: enacted, confidence: high}\n      - "
    before = f'{{from: 2026-07-01, until: {day}, known: 2026-02-18, value: "3.00", {rest}'
    after = f'{{from: {day}, until: 2028-07-01, known: 2026-07-01, value: "4.00",'
    return text.replace(_PERIOD, before + after)


def written(folder: Path, day: str) -> Path:
    """The same as a file to publish."""
    file = folder / "duty.yaml"
    file.write_text(flat_duty_of_four(day))
    return file
