"""By what parcels or receptacles travel, apart from their item data: master data as a filing."""

from typing import Any

from pipeline.formats.filing import extract_filing
from pipeline.formats.json_source import JsonSource
from pipeline.formats.outcome import Outcome
from pipeline.formats.table import read_table
from pipeline.model import DataSet


def decode_conveyance(document: dict[str, Any]) -> Outcome:
    """The conveyance, and what travels by it."""
    table = read_table("conveyance")
    return extract_filing(table, document, JsonSource(table.rows), DataSet.CONVEYANCE)
