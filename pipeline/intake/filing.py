"""Taking in a partial filing: its entries go to the cases of their parcels, which it announces not.

What makes a parcel is its item data. A filing that comes before them, or without them, is accepted;
what is missing is then waited for by parcel.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec.structs import replace

from pipeline.model import (
    Acknowledgement,
    AcknowledgementStatus,
    Conveyance,
    DataSet,
    Filed,
    PartialFiling,
    case_key,
)
from pipeline.stream import Outbox
from pipeline.stream.murmur2 import partition_of

FILINGS = "filings"

encode_filings = msgspec.msgpack.Encoder().encode


def take_in_filing(filing: PartialFiling, outbox: Outbox) -> None:
    """Send every entry to the partition of its parcel's case. A repeat has no effect there.

    Where the parcels of a receptacle are, no one knows: what is said of it goes to all partitions.
    """
    partitions = outbox.partitions_of(FILINGS)
    for filed in _entries(filing):
        key = case_key(filed.carrier, filed.parcel_id).encode(errors="replace")
        outbox.enclose(FILINGS, partition_of(key, partitions), filed)
    for receptacle_id in filing.receptacle_ids:
        filed = replace(_filed(filing, ""), receptacle_id=receptacle_id)
        for partition in range(partitions):
            outbox.enclose(FILINGS, partition, filed)


def _entries(filing: PartialFiling) -> Iterator[Filed]:
    for link in filing.receptacle_links:
        yield replace(_filed(filing, link.parcel_id), receptacle_id=link.receptacle_id)
    for parcel in filing.parcels:
        yield _filed(filing, parcel.parcel_id)
    for parcel_id in filing.parcel_ids:
        yield _filed(filing, parcel_id)


def _filed(filing: PartialFiling, parcel_id: str) -> Filed:
    header, conveyance = filing.header, None
    if filing.data_set is DataSet.CONVEYANCE and header.estimated_arrival_at:
        conveyance = Conveyance(
            header.transport_mode,
            header.estimated_arrival_at,
            header.departure_at,
            header.conveyance_reference,
            header.master_document,
            header.carrier,
        )
    filing_id = header.manifest_id
    return Filed(header.carrier, parcel_id, filing.data_set, filing_id, conveyance=conveyance)


def acknowledge_filing(
    filing: PartialFiling, rules_version: str, received_at: datetime
) -> Acknowledgement:
    """It is accepted as a whole, and announces no parcels."""
    header = filing.header
    return Acknowledgement(
        carrier=header.carrier,
        manifest_id=header.manifest_id,
        version=header.version,
        part=header.part,
        parts=header.parts,
        status=AcknowledgementStatus.ACCEPTED,
        received_at=received_at,
        announced_parcels=0,
        accepted_parcels=0,
        rejected_parcels=0,
        rules_version=rules_version,
    )
