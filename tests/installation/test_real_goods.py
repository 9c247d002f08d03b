"""Real marketplace goods through the broker."""

import asyncio

import msgspec

from tests.installation.installation import Installation, Raw, send, settled
from tests.marketplace.manifests import manifests


def test_all_real_products_are_decided_and_the_ledger_closes(
    installation: Installation, runner: asyncio.Runner
) -> None:
    messages = [
        Raw(
            f"{manifest.carrier}/{manifest.manifest_id}".encode(),
            msgspec.json.encode(manifest),
            len(manifest.parcels),
        )
        for manifest in manifests()
    ]
    announced = sum(message.parcels or 0 for message in messages)
    assert announced == 632
    runner.run(send(installation, messages))
    ledger, records = runner.run(settled(installation, announced=announced))
    assert ledger.closed, ledger
    outcomes = [record for t in ("release", "inspection", "revenue") for record in records[t]]
    market = [record for record in outcomes if (record.key or b"").startswith(b"MARKET/")]
    assert len(market) == announced
