"""What a table's paths are followed in: a document of any kind."""

from typing import Any, Protocol


class Source(Protocol):
    """Follows paths from any node of a document."""

    def many(self, node: Any, path: str) -> list[Any]:
        """All nodes at a path, in order."""

    def values(self, node: Any, path: str) -> list[Any]:
        """What stands at a path, without what is empty. Without a path: the node itself."""

    def unknown(self, node: Any, path: str, *, but: str = "") -> str:
        """The first field that no row names, in a node that stands at a path, but for one path."""

    def numbered(self, path: str, indexes: list[int]) -> str:
        """A path of a table with numbers in place of each `[]`, counted from 0."""

    def told(self, path: str) -> str:
        """A numbered path as the sender is told it."""
