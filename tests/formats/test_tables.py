"""Every mapping table speaks of fields, readers and code lists that exist."""

import ast
import re

import msgspec
import pytest

from pipeline.formats.dispatch import FORMATS
from pipeline.formats.read import READERS
from pipeline.formats.table import REPEATED, TABLES_FOLDER, Row, Table, read_table
from pipeline.model import Parcel, ReceptacleLink
from pipeline.model.manifest import ManifestBase

TABLES = sorted(path.stem for path in TABLES_FOLDER.glob("*.yaml"))
ROWS = [
    pytest.param(table, row, id=f"{table} {row.path} {row.field}")
    for table in TABLES
    for row in read_table(table).rows
]
LISTS_OF_IDS = {"parcel_ids[]", "receptacle_ids[]"}
LISTS_OF_MANIFESTS = {"parcels": Parcel, "receptacle_links": ReceptacleLink}
WCO = re.compile(r"(SC2|\d\d[ABC]|D\d{3}|R\d{3}|T\d{3}|G\d{3}|\d{3})( (/ )?([DRTGL]?\d{3}))*")


def test_every_table_belongs_to_a_format() -> None:
    assert sorted(table for known in FORMATS.values() for table in known.tables) == TABLES


@pytest.mark.parametrize(("table", "row"), ROWS)
def test_row(table: str, row: Row) -> None:
    """Its field stands in the model, its reader and its code list exist, its id has the form."""
    assert not row.field or _exists(row.field)
    assert row.read in {*READERS, "mass", "total"}
    assert not row.codes or row.codes in read_table(table).file.codes
    assert not row.wco or WCO.fullmatch(row.wco), row.wco
    assert not row.unit or row.read in {"mass", "total"}
    if row.field:
        assert row.path.count(REPEATED) == row.field.count(REPEATED)


@pytest.mark.parametrize("name", TABLES)
def test_the_fields_a_key_needs_are_mapped(name: str) -> None:
    table = read_table(name)
    assert {"carrier", "manifest_id", "destination_country"} <= {row.field for row in table.rows}


@pytest.mark.parametrize("name", TABLES)
def test_codes_become_words_of_the_model(name: str) -> None:
    """A translation into a word that no field takes would refuse every message with that code."""
    table = read_table(name)
    for row in table.rows:
        if row.codes:
            words = set(table.file.codes[row.codes].values())
            assert words <= _words(table, row), row


def _words(table: Table, row: Row) -> set[str]:
    schema = msgspec.json.schema_components([Parcel, ManifestBase])[1]
    name = {
        "goods_type": "GoodsType",
        "transport_mode": "TransportMode",
        "person_type": "PersonType",
    }
    return set(schema[name[row.field.rpartition(".")[2]]]["enum"])


def _exists(field: str) -> bool:
    if field.startswith(tuple(LISTS_OF_MANIFESTS)):
        first, _, rest = field.partition(f"{REPEATED}.")
        return _in_struct(LISTS_OF_MANIFESTS[first], rest.replace(REPEATED, "").split("."))
    return field in LISTS_OF_IDS or field in ManifestBase.__struct_fields__


def _in_struct(struct: type, steps: list[str]) -> bool:
    """Whether a way through the fields of a struct exists, whatever lists it leads through."""
    fields = {field.name: field.type for field in msgspec.structs.fields(struct)}
    if steps[0] not in fields:
        return False
    inner = _structs(msgspec.inspect.type_info(fields[steps[0]]))
    return any(_in_struct(cls, steps[1:]) for cls in inner) if steps[1:] else True


def _structs(info: msgspec.inspect.Type) -> list[type]:
    if isinstance(info, msgspec.inspect.StructType):
        return [info.cls]
    if isinstance(info, msgspec.inspect.UnionType):
        return [cls for member in info.types for cls in _structs(member)]
    if isinstance(info, msgspec.inspect.VarTupleType | msgspec.inspect.ListType):
        return _structs(info.item_type)
    if isinstance(info, msgspec.inspect.Metadata):
        return _structs(info.type)
    return []


def test_formats_know_nothing_of_rooms_and_law() -> None:
    """They import the model, the errors, and each other."""
    folder = TABLES_FOLDER.parent
    modules = {
        name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (name := node.module or "").startswith("pipeline")
    }
    allowed = ("pipeline.formats.", "pipeline.model", "pipeline.errors")
    assert {module for module in modules if not module.startswith(allowed)} == set()
