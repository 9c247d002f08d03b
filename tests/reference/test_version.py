"""The version of the reference data changes with what is decided by, and with nothing else."""

import shutil
from pathlib import Path

import pytest

from pipeline.reference import version
from pipeline.reference.codes import DATA_FOLDER


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the reference data in place of it."""
    copy = tmp_path / "data"
    shutil.copytree(DATA_FOLDER, copy)
    monkeypatch.setattr(version, "DATA_FOLDER", copy)
    return copy


def version_now() -> str:
    return version.reference_version.__wrapped__()


@pytest.mark.parametrize(
    "name", [path.name for path in DATA_FOLDER.iterdir() if path.suffix != ".md"]
)
def test_any_changed_file_is_another_version(folder: Path, name: str) -> None:
    before = version_now()
    with (folder / name).open("a") as file:
        file.write("x")
    assert version_now() != before


def test_the_page_on_sources_does_not_matter(folder: Path) -> None:
    before = version_now()
    (folder / "SOURCES.md").write_text("")
    assert version_now() == before == version.reference_version()
