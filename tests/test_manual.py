"""The generated pages are what the code says."""

from pathlib import Path

import pytest

from pipeline.manual import main


def test_the_pages_are_what_the_code_says() -> None:
    """A failure here is mended by `make reference`."""
    assert main(["--check"]) == 0


def test_a_page_that_is_out_of_date_is_found_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"], tmp_path) == 1
    assert "settings.md" in capsys.readouterr().err
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
