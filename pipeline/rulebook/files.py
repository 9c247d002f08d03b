"""Reading dated law and rules from YAML, strictly: errors name the file, the line and the field.

Decimal numbers stay exact (they become `Decimal` through strings, never a float), dates become
`date`, duplicate keys are refused.
"""

import re
from collections.abc import Hashable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from pipeline.errors import RuleBookError

RULEBOOK_FOLDER = Path(__file__).parent

_FIELD_PATH = re.compile(r"at `\$(?P<path>[^`]*)`$")
_PATH_STEP = re.compile(r"\[(?P<index>\d+)\]|\.(?P<key>[^.\[]+)")

T = TypeVar("T")

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C where PyYAML has it: the rule book is read six times as fast."""


class _StrictLoader(_SafeLoader):  # type: ignore[misc]
    """PyYAML's safe loader without floats and with an error on duplicate keys."""


def _construct_exact_number(loader: _StrictLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _construct_unique_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise _fault("a key must be a word or a number", key_node)
        if key in seen:
            raise _fault(f"the key {key!r} stands twice", key_node)
        seen.add(key)
    return dict(loader.construct_mapping(node, deep=True))


def _construct_date(loader: _StrictLoader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError as error:
        raise _fault(f"{node.value} is not a date: {error}", node) from error


def _fault(text: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, text, node.start_mark)


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _construct_exact_number)
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _construct_unique_mapping)
_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", _construct_date)


def read_yaml(path: Path, type_: type[T]) -> T:
    """Read one YAML file into `type_` (a msgspec struct that forbids unknown fields).

    Raises:
        RuleBookError: the file is missing, not YAML, or does not fit the type; names the place.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - derives from SafeLoader
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise RuleBookError(f"{path}: {error}") from error
    try:
        return msgspec.convert(document, type_, strict=False)
    except msgspec.ValidationError as error:
        line = _line_of(text, str(error))
        raise RuleBookError(f"{path}, line {line}: {error}") from error


def fault_at(path: Path, place: Sequence[str | int], text: str) -> RuleBookError:
    """The error to raise for a place in a file that was read: keys and indices from the top."""
    line = _line_at(path.read_text(encoding="utf-8"), place)
    return RuleBookError(f"{path}, line {line}: {text}")


def _line_of(text: str, error: str) -> int:
    """The line of the field that an error of msgspec names, such as "... - at `$.values[0]`"."""
    found = _FIELD_PATH.search(error)
    steps = _PATH_STEP.finditer(found["path"]) if found else ()
    return _line_at(text, [step["key"] or int(step["index"]) for step in steps])


def _line_at(text: str, place: Sequence[str | int]) -> int:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for step in place:
        inner = _inner(node, step)
        if inner is None:
            break
        node = inner
    return node.start_mark.line + 1 if node else 1


def _inner(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    inner: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        inner = node.value[step:]
    if isinstance(node, yaml.MappingNode):
        inner = [value for name, value in node.value if name.value == step]
    return inner[0] if inner else None


@cache
def yaml_files(subject: str) -> tuple[Path, ...]:
    """All YAML files of one folder of the rule book, such as "risk", in name order."""
    return tuple(_walk(RULEBOOK_FOLDER / subject))


def _walk(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.yaml"))
