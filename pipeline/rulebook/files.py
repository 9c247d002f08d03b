"""Reading dated law and rules from YAML, strictly: errors name the file and the field.

Decimal numbers stay exact (they become `Decimal` through strings, never a float), dates become
`date`, duplicate keys are refused.
"""

from collections.abc import Hashable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from pipeline.errors import RuleBookError

RULEBOOK_FOLDER = Path(__file__).parent

T = TypeVar("T")


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader without floats and with an error on duplicate keys."""


def _construct_exact_number(loader: _StrictLoader, node: yaml.ScalarNode) -> str:
    return loader.construct_scalar(node)


def _construct_unique_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            line = key_node.start_mark.line + 1
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"the key {key!r} stands twice (line {line})",
                key_node.start_mark,
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _construct_exact_number)
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _construct_unique_mapping)


def read_yaml(path: Path, type_: type[T]) -> T:
    """Read one YAML file into `type_` (a msgspec struct that forbids unknown fields).

    Raises:
        RuleBookError: the file is missing, not YAML, or does not fit the type; names the place.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            document = yaml.load(stream, Loader=_StrictLoader)  # noqa: S506 - derives from SafeLoader
        return msgspec.convert(document, type_, strict=False)
    except (
        OSError,
        yaml.YAMLError,
        UnicodeDecodeError,
        msgspec.ValidationError,
    ) as error:
        raise RuleBookError(f"{path}: {error}") from error


@cache
def yaml_files(subject: str) -> tuple[Path, ...]:
    """All YAML files of one folder of the rule book, such as "risk", in name order."""
    return tuple(_walk(RULEBOOK_FOLDER / subject))


def _walk(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.yaml"))
