"""Schemas and AsyncAPI document are what code and declarations say."""

from pathlib import Path

import pytest

from pipeline.contract import generate
from pipeline.contract.declarations import topics_folder
from pipeline.contract.schemas import PAYLOADS, schema_name


def test_no_generated_file_has_drifted() -> None:
    assert generate.differing_files() == []


def test_no_schema_without_a_payload() -> None:
    files = {path.name for path in (topics_folder() / "schemas").iterdir()}
    assert files == {schema_name(payload) for payload in PAYLOADS}


def test_the_check_fails_until_the_files_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "topics_folder", lambda: tmp_path)
    assert generate.main(["--check"]) == 1
    assert f"{tmp_path / 'asyncapi.yaml'} is out of date" in capsys.readouterr().err
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "asyncapi.yaml").write_text("asyncapi: 3.0.0\n")
    assert generate.main(["--check"]) == 1


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--chek"]) == 2
    assert "--chek" in capsys.readouterr().err
