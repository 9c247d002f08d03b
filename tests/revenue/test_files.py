"""The strict reader of YAML: nothing is guessed, and an error names its place."""

from pathlib import Path

import pytest
from msgspec import Struct

from pipeline.errors import RuleBookError
from pipeline.rulebook.files import read_yaml


class Inner(Struct, forbid_unknown_fields=True):
    number: str


class Outer(Struct, forbid_unknown_fields=True):
    name: str
    list: list[Inner]


def test_a_number_in_a_file_stays_exact(tmp_path: Path) -> None:
    """A YAML float becomes text, never a binary float."""
    path = tmp_path / "numbers.yaml"
    path.write_text("a: 0.1\n")
    assert read_yaml(path, dict[str, str]) == {"a": "0.1"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\nlist:\n  - number: 0.1\n  - number: [1]\n", "faulty.yaml, line 4: .*array"),
        ("name: x\nlist:\n  - number: 0.1\n    numbr: 2\n", "faulty.yaml, line 3: .*`numbr`"),
        ("name: x\nlist:\n  - {}\n", "line 3: .*missing required field `number`"),
        ("name: x\nlist: {number: 1}\n", "line 2: Expected `array`"),
        ("name: x\nname: y\nlist: []\n", "(?s)'name' stands twice.*line 2"),
        ("name: x\n[a]: y\nlist: []\n", "(?s)a key must be a word or a number.*line 2"),
        ("name: 2026-02-30\nlist: []\n", "(?s)2026-02-30 is not a date.*line 1"),
        ("name: no\nlist: []\n", "line 1: Expected `str`, got `bool`"),  # Norway
        ("name: &x {a: *x}\n", "recursive"),
        ("name: [\n", "line 2"),
        ("name: !!python/object:os.system x\n", "could not determine a constructor"),
        ("", "line 1: Expected `object`, got `null`"),
        ("[" * 5_000, "recursion|nesting"),
    ],
)
def test_a_fault_is_refused_and_its_line_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(text)
    with pytest.raises(RuleBookError, match=said) as refused:
        read_yaml(path, Outer)
    assert str(path) in str(refused.value)


def test_bytes_that_are_no_text_are_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleBookError, match=r"bytes\.yaml: .*utf-8"):
        read_yaml(path, Outer)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match=r"nothing\.yaml"):
        read_yaml(tmp_path / "nothing.yaml", Outer)
