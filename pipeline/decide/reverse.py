"""Telling the assess room that a parcel does not count any more for its consignee."""

from zlib import crc32

import msgspec

from pipeline.model import Reversal
from pipeline.stream import Outbox

REVERSALS = "reversals"

encode_reversals = msgspec.msgpack.Encoder().encode


def reverse(
    consignee: bytes, case_key: str, manifest_id: str, version: int, outbox: Outbox
) -> None:
    """Take one announcement of a parcel back from what is remembered of its consignee.

    Not those on other manifests or in other versions, which assess may have seen since.
    The partition is that of the consignee's parcels; without a pseudonym nothing was counted.
    """
    if consignee:
        pseudonym = consignee.hex()
        partition = crc32(pseudonym.encode()) % outbox.partitions_of(REVERSALS)
        outbox.enclose(REVERSALS, partition, Reversal(pseudonym, case_key, version, manifest_id))
