"""Money never touches a float: the code of the money path and the law are walked."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import pipeline
from pipeline.rulebook.book import LAW_FOLDER

ROOT = Path(pipeline.__file__).parent
MONEY_PATH = sorted(
    [
        *(ROOT / "revenue").glob("*.py"),
        *(ROOT / "rulebook").glob("*.py"),
        *(ROOT / "tariffs").glob("*.py"),
        *(ROOT / "decide" / f"{name}.py" for name in ("decide", "inspected", "paid", "state")),
        ROOT / "model" / "revenue.py",
        ROOT / "model" / "parcel.py",
        ROOT / "model" / "fields.py",
        ROOT / "reference" / "exchange.py",
    ]
)


def floats(tree: ast.AST) -> Iterator[int]:
    """Lines with a literal float, the type, a conversion to it or the built-in round."""
    for node in ast.walk(tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
        named = isinstance(node, ast.Name) and node.id in {"float", "round"}
        if literal or named:
            yield node.lineno


@pytest.mark.parametrize("path", MONEY_PATH, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_float_stands_in_the_code(path: Path) -> None:
    assert list(floats(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize("code", ["a = 0.1", "b: float = 0", "c = round(d)", "e = 1j"])
def test_a_float_would_be_seen(code: str) -> None:
    assert list(floats(ast.parse(code))) == [1]


@pytest.mark.parametrize(
    "path", sorted(LAW_FOLDER.rglob("*.yaml")), ids=lambda path: str(path.relative_to(LAW_FOLDER))
)
def test_no_float_stands_in_the_law(path: Path) -> None:
    """Numbers of the law are quoted: whoever else reads the file gets no float either."""
    assert float_scalars(yaml.compose(path.read_text())) == []


def float_scalars(node: yaml.Node) -> list[str]:
    if isinstance(node, yaml.ScalarNode):
        return [node.value] if node.tag == "tag:yaml.org,2002:float" else []
    children = node.value
    if isinstance(node, yaml.MappingNode):
        children = [child for pair in node.value for child in pair]
    return [value for child in children for value in float_scalars(child)]


def test_a_float_in_the_law_would_be_seen() -> None:
    assert float_scalars(yaml.compose("a: [{b: 0.1}, {c: '0.1'}]")) == ["0.1"]
