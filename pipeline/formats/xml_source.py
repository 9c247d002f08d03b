"""XML documents of the trade, parsed safely.

lxml (libxml2) is maintained and fast, and safe as it is set up here: no document type, so no
entities of any kind; nothing fetched; nothing huge.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lxml import etree

from pipeline.errors import ErrorCode
from pipeline.formats.outcome import Refusal
from pipeline.formats.table import numbered

BYTES_MAX = 1_048_576
"""A Kafka message is no larger; a file may be."""
ELEMENTS_MAX = 100_000
XML_NESTING_MAX = 256
"""libxml2's own limit, as long as huge trees are not allowed."""
_DOCUMENT_TYPE = b"<!DOCTYPE"
_count = etree.XPath("count(//*)")


def read_xml(value: bytes) -> etree._Element | Refusal:
    """The root element; comments and processing instructions are left out."""
    if len(value) > BYTES_MAX:
        return Refusal(ErrorCode.MESSAGE_TOO_LARGE, f"{len(value)} bytes, the limit is {BYTES_MAX}")
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return Refusal(ErrorCode.INVALID_UTF8, f"byte {error.start}")
    if _DOCUMENT_TYPE in value:
        return Refusal(ErrorCode.UNSAFE_XML)
    try:
        root = etree.fromstring(value, _parser())
    except etree.XMLSyntaxError as error:
        return Refusal(ErrorCode.INVALID_XML, str(error.msg))
    elements = int(_count(root))
    if elements > ELEMENTS_MAX:
        limit = f"{elements} elements, the limit is {ELEMENTS_MAX}"
        return Refusal(ErrorCode.MESSAGE_TOO_LARGE, limit)
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def without_namespaces(root: etree._Element, is_ours: Callable[[str], bool]) -> None:
    """Take our namespaces from all names, in place: elements of others are then not found."""
    for element in root.iter():
        name = etree.QName(element)
        if name.namespace and is_ours(name.namespace):
            element.tag = name.localname


class XmlSource:
    """Follows a table's paths through XML; places are XPaths without namespaces."""

    def __init__(self, root: etree._Element) -> None:
        way = [*reversed(list(root.iterancestors())), root]
        self._prefix = "".join(f"/{etree.QName(element).localname}" for element in way)

    def many(self, node: Any, path: str) -> list[Any]:
        """All elements at a path."""
        return _found(node, path)

    def values(self, node: Any, path: str) -> list[Any]:
        """Texts of the elements or attributes, each run of white space as one space."""
        texts = (
            found if isinstance(found, str) else found.text or ""
            for found in (_found(node, path) if path else [node])
        )
        return [text for text in (" ".join(text.split()) for text in texts) if text]

    def unknown(self, node: Any, path: str, *, but: str = "") -> str:
        """Nothing: the standards know many more elements than any table."""
        return ""

    def numbered(self, path: str, indexes: list[int]) -> str:
        """`Item[]/Package[]/Type` as `Item[1]/Package[2]/Type`."""
        return numbered(path, (f"[{index + 1}]" for index in indexes))

    def told(self, path: str) -> str:
        """An XPath from the document's root."""
        return f"{self._prefix}/{path}" if path else self._prefix


def _found(node: etree._Element, path: str) -> list[Any]:
    found = _compiled(path)(node)
    return found if isinstance(found, list) else []


@lru_cache(maxsize=4_096)
def _compiled(path: str) -> etree.XPath:
    return etree.XPath(path, smart_strings=False)
