"""Postal item attributes, after ITMATT, with the content of CN 22 and CN 23."""

from typing import Any

from pipeline.formats.extract import extract
from pipeline.formats.json_source import JsonSource
from pipeline.formats.outcome import Outcome
from pipeline.formats.table import read_table


def decode_itmatt(document: dict[str, Any]) -> Outcome:
    """The items of one message."""
    table = read_table("itmatt")
    return extract(table, document, JsonSource(table.rows))
