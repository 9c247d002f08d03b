"""The dry run and the stream decide alike."""

import asyncio
from typing import Any

import orjson

from pipeline.app import build_dry_run
from pipeline.sandbox.carriers.simulate import Mix, simulate
from pipeline.sandbox.dry_run import run_dry
from pipeline.settings import Settings
from tests.installation.installation import Installation, Raw, send, settled

TIMES = ("received_at", "occurred_at")


def without_times(value: bytes) -> dict[str, Any]:
    decision: dict[str, Any] = orjson.loads(value)
    return {name: field for name, field in decision.items() if name not in TIMES}


def test_the_stream_and_the_dry_run_give_the_same_decisions(
    small_installation: Installation, runner: asyncio.Runner
) -> None:
    """Everything but the broker's timestamps agrees, splitting across manifests included."""
    messages = list(simulate(2_000, 31, Mix(split=0.02)))
    runner.run(send(small_installation, [Raw(m.key, m.value, m.parcels) for m in messages]))
    ledger, records = runner.run(settled(small_installation, announced=2_000))
    assert ledger.closed, ledger
    streamed = {
        record.key: without_times(record.value or b"")
        for topic in ("release", "inspection", "revenue")
        for record in records[topic]
    }
    dry_run = run_dry(build_dry_run(Settings()), [message.value for message in messages])
    decisions = [without_times(value) for value in dry_run.decisions]
    dry = {f"{d['carrier']}/{d['parcel_id']}".encode(): d for d in decisions}
    assert len(streamed) > 1_800
    assert streamed == dry
