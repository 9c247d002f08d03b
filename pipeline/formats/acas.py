"""US air cargo advance screening: the six elements, before loading."""

from typing import Any

from pipeline.formats.filing import extract_filing
from pipeline.formats.json_source import JsonSource
from pipeline.formats.outcome import Outcome
from pipeline.formats.table import read_table
from pipeline.model import DataSet


def decode_acas(document: dict[str, Any]) -> Outcome:
    """The shipments of one message."""
    table = read_table("acas")
    return extract_filing(table, document, JsonSource(table.rows), DataSet.PRE_LOADING)
