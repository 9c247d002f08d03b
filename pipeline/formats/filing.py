"""From a document to a partial filing, as a mapping table says."""

from typing import Any

import msgspec

from pipeline.errors import ErrorCode
from pipeline.formats.extract import Misfit, build, extract_header, fit
from pipeline.formats.locate import locator
from pipeline.formats.outcome import Refusal
from pipeline.formats.read import MisreadError
from pipeline.formats.source import Source
from pipeline.formats.table import Table
from pipeline.model import DataSet, Parcel, PartialFiling, ReceptacleLink
from pipeline.model.fields import Identifier
from pipeline.model.filing import ReceptacleIds


class _Entries(msgspec.Struct):
    parcels: tuple[Parcel, ...] = ()
    receptacle_links: tuple[ReceptacleLink, ...] = ()
    parcel_ids: tuple[Identifier, ...] = ()
    receptacle_ids: ReceptacleIds = ()


def extract_filing(
    table: Table, document: Any, source: Source, data_set: DataSet
) -> PartialFiling | Refusal:
    """The whole filing. One entry at fault spoils it: there is nothing to accept in part."""
    header = extract_header(table, document, source)
    if isinstance(header, Refusal):
        return header
    lists = msgspec.structs.replace(table.root, leaves=[])
    fitted: _Entries | Misfit
    try:
        fitted = fit(build(table, lists, document, source, {}), _Entries)
    except MisreadError as error:
        fitted = Misfit(str(error), error.pointer)
    if isinstance(fitted, Misfit):
        where = locator(table, document, source)(fitted.pointer)
        return Refusal(ErrorCode.INVALID_MESSAGE, fitted.explanation, where)
    filing = PartialFiling(
        header=header,
        data_set=data_set,
        parcels=fitted.parcels,
        receptacle_links=fitted.receptacle_links,
        parcel_ids=fitted.parcel_ids,
        receptacle_ids=fitted.receptacle_ids,
    )
    if data_set is DataSet.CONVEYANCE and not header.estimated_arrival_at:
        where = locator(table, document, source)("/estimated_arrival_at")
        return Refusal(ErrorCode.INVALID_MESSAGE, "a conveyance without its arrival", where)
    if not filing.entries:
        return Refusal(ErrorCode.INVALID_MESSAGE, "the filing is empty", source.told(""))
    return filing
