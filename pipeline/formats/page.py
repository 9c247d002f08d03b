"""The page of `docs/` on formats, from their tables."""

from collections.abc import Iterator

from pipeline.formats.dispatch import CONTENT_TYPE_HEADER, FORMAT_HEADER, FORMATS, Format
from pipeline.formats.table import Row, Table, read_table
from pipeline.formats.xml_source import BYTES_MAX, ELEMENTS_MAX, XML_NESTING_MAX

INTRO = f"""\
Every format becomes the one canonical manifest, whose fields stand in
[Manifest.v1.json](../topics/schemas/Manifest.v1.json). What is told of a fault points into the
sender's own document: a JSON pointer, or an XPath without namespaces for XML.

The Kafka header `{FORMAT_HEADER}` names the format, or the header `{CONTENT_TYPE_HEADER}` does
with the media type below. Without either the content tells: XML by its root element, JSON by its
field `messageType`, or by having none. What is in no known format is refused with
`unknown_format`. The Kafka key is `<carrier>/<manifest_id>` in every format, with the two fields
as the tables say.

`greenlane check FILE` tells what would be refused in a file of any format, `greenlane publish FILE`
sends it. Each XML document, and each JSON document or line of JSON Lines, is one message; only
large manifests in Greenlane's own format are split.

XML is parsed without document types, so without entities of any kind, and without the network: at
most {BYTES_MAX:,} bytes, {ELEMENTS_MAX:,} elements, {XML_NESTING_MAX} of them within each other.
Runs of white space in a text are one space.

A filing that is partial by nature (receptacle links, conveyance, pre-loading data) announces no
parcels: what
makes a parcel is its item data. It is joined to the case of each parcel it names, in whichever
order they come; where item data do not come, the carrier is told ([cases.md](cases.md)).
"""
HEAD = """\
| format | title | media type | tables |
|---|---|---|---|"""
ROWS_HEAD = """\
| path | WCO id | our field | remarks |
|---|---|---|---|"""


def formats_page(note: str) -> str:
    """All formats and their mapping tables."""
    lines = ["# Formats", "", note, "", INTRO, HEAD, *map(_format, FORMATS.values()), ""]
    for known in FORMATS.values():
        for name in known.tables:
            lines += _table(name, read_table(name))
    return "\n".join(lines)


def _format(known: Format) -> str:
    title = "; ".join(read_table(name).file.title for name in known.tables)
    tables = ", ".join(f"[{name}](#{_anchor(name)})" for name in known.tables)
    own = "Greenlane's own format (JSON), the canonical manifest"
    return f"| `{known.name}` | {title or own} | `{known.media_type}` | {tables or 'none'} |"


def _table(name: str, table: Table) -> Iterator[str]:
    yield from (
        f"## {_anchor(name)}",
        "",
        f"{table.file.title}.",
        "",
        f"Basis: {table.file.basis}",
        "",
    )
    yield from (f"- {remark}" for remark in table.file.notes)
    yield from ("", ROWS_HEAD)
    yield from map(_row, table.rows)
    yield ""
    for codes, meanings in table.file.codes.items():
        pairs = ", ".join(f"`{code}` {meaning}" for code, meaning in meanings.items())
        yield f"Codes of {codes.replace('_', ' ')} (`*` is every other): {pairs}."
        yield ""
    for root, what in table.file.other_documents.items():
        yield f"- `{root}`: {what}; refused with `not_advance_data`."
    if table.file.other_documents:
        yield ""


def _row(row: Row) -> str:
    path = f"`{row.path}`" if row.path else "the document"
    field = f"`{row.field}`" if row.field else "not carried over"
    if row.value is not None:
        field += f" = `{row.value}`" if row.value else " empty"
    remarks = [
        row.note,
        f"code list {row.codes.replace('_', ' ')}" if row.codes else "",
        "put behind" if row.join is not None else "",
        "with its unit" if row.unit else "",
        "the sum" if row.read == "total" else "",
        "in the parcel's currency" if row.currency else "",
    ]
    return f"| {path} | {row.wco} | {field} | {'; '.join(filter(None, remarks))} |"


def _anchor(name: str) -> str:
    return name.replace("_", "-")
