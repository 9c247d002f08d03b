"""The ledger of the secured installation, read as its operators do."""

import time

from pipeline.ops.ledger import Ledger
from pipeline.ops.ledger_reader import LedgerReader
from pipeline.settings import Settings
from pipeline.stream.records import Record
from tests.security.conftest import PREFIX
from tests.security.secured_broker import SecuredBroker

DEADLINE_S = 30.0


async def settled(installation: SecuredBroker, announced: int) -> tuple[Ledger, list[Record]]:
    """The ledger as the operators see it, once this many more parcels have an end."""
    records: list[Record] = []
    reader = LedgerReader(
        installation.user("operators"),
        topic_prefix=PREFIX,
        manifest_parcels_max=Settings().manifest_parcels_max,
        on_record=records.append,
    )
    async with reader:
        end_s = time.monotonic() + DEADLINE_S
        ledger = await reader.settle(1.0)
        while (ledger.announced < announced or ledger.difference) and time.monotonic() < end_s:
            ledger = await reader.settle(1.0)
    return ledger, records


async def announced_before(installation: SecuredBroker) -> int:
    return (await settled(installation, 0))[0].announced
