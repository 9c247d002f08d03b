"""Taking in a partial filing: its entries go to the cases of their parcels, which it announces not.

What makes a parcel is its item data. A filing that comes before them, or without them, is accepted;
what is missing is then waited for by parcel.
"""

from datetime import datetime

import msgspec

from pipeline.model import (
    Acknowledgement,
    AcknowledgementStatus,
    Filed,
    PartialFiling,
    case_key,
)
from pipeline.stream import Outbox
from pipeline.stream.murmur2 import partition_of

FILINGS = "filings"

encode_filings = msgspec.msgpack.Encoder().encode


def take_in_filing(filing: PartialFiling, outbox: Outbox) -> None:
    """Send every entry to the partition of its parcel's case. A repeat has no effect there."""
    partitions = outbox.partitions_of(FILINGS)
    carrier, filing_id = filing.header.carrier, filing.header.manifest_id
    receptacle_of = {link.parcel_id: link.receptacle_id for link in filing.receptacle_links}
    receptacle_of |= {parcel.parcel_id: "" for parcel in filing.parcels}
    for parcel_id, receptacle_id in receptacle_of.items():
        partition = partition_of(case_key(carrier, parcel_id).encode(errors="replace"), partitions)
        filed = Filed(carrier, parcel_id, filing.data_set, filing_id, receptacle_id)
        outbox.enclose(FILINGS, partition, filed)


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
