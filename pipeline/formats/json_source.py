"""JSON documents of the trade: decoded strictly, numbers digit by digit."""

from collections.abc import Iterable
from typing import Any

import msgspec

from pipeline.errors import ErrorCode
from pipeline.formats.canonical import TOO_DEEP
from pipeline.formats.outcome import Refusal
from pipeline.formats.table import ITSELF, REPEATED, Row, beside, numbered
from pipeline.model.nesting import nests_too_deeply

# Fractions stay texts, so that none passes through a binary float.
_decode = msgspec.json.Decoder(float_hook=str).decode


def read_json(value: bytes) -> dict[str, Any] | Refusal:
    """The document as it stands."""
    try:
        value.decode()
        if nests_too_deeply(value):
            return Refusal(ErrorCode.INVALID_JSON, TOO_DEEP)
        document = _decode(value)
    except UnicodeDecodeError as error:
        return Refusal(ErrorCode.INVALID_UTF8, f"byte {error.start}")
    except msgspec.DecodeError as error:
        return Refusal(ErrorCode.INVALID_JSON, str(error))
    if not isinstance(document, dict):
        return Refusal(ErrorCode.INVALID_MESSAGE, "the document is not a JSON object")
    return document


class JsonSource:
    """Follows a table's paths through JSON; places are JSON pointers (RFC 6901)."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._known: dict[str, set[str]] = {}
        for row in rows:
            for path in (row.path, beside(row.path, row.unit), beside(row.path, row.currency)):
                self._know(_plain(path))

    def _know(self, path: str) -> None:
        holder = ""
        for step in path.split("/"):
            self._known.setdefault(holder, set()).add(step)
            holder = _joined(holder, step)

    def many(self, node: Any, path: str) -> list[Any]:
        """The elements of a list; what stands in its place is its only element."""
        found = _at(node, path)
        if found is None:
            return []
        return found if isinstance(found, list) else [found]

    def values(self, node: Any, path: str) -> list[Any]:
        """What stands there, unless it is null or empty."""
        found = _at(node, path)
        return [] if found is None or found == "" else [found]

    def unknown(self, node: Any, path: str, *, but: str = "") -> str:
        """The first field that no row names: a misspelt one must not be lost in silence."""
        return self._unknown(node, _plain(path), "", _plain(but))

    def _unknown(self, node: Any, holder: str, place: str, but: str) -> str:
        inner: list[tuple[Any, str, str]] = []
        if isinstance(node, list):
            # A list within a list has no place in any table.
            inner = [(e, holder, str(n)) for n, e in enumerate(node) if isinstance(e, dict)]
        elif isinstance(node, dict):
            known = self._known.get(holder, set())
            for name in node:
                if name not in known:
                    return _joined(place, name.replace("~", "~0").replace("/", "~1"))
            inner = [(value, _joined(holder, name), name) for name, value in node.items()]
        found = (
            self._unknown(value, within, _joined(place, step), but)
            for value, within, step in inner
            if not but or within != but
        )
        return next(filter(None, found), "")

    def numbered(self, path: str, indexes: list[int]) -> str:
        """`items[]/content[]/value` as `items/0/content/1/value`."""
        return numbered(path, (f"/{index}" for index in indexes))

    def told(self, path: str) -> str:
        """A JSON pointer."""
        return f"/{path}" if path else ""


def _plain(path: str) -> str:
    return path.replace(ITSELF, "").replace(REPEATED, "")


def _at(node: Any, path: str) -> Any:
    for step in path.split("/") if path not in {"", "."} else ():
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            return None
    return node


def _joined(path: str, step: str) -> str:
    return f"{path}/{step}" if path else step
