"""Workers are killed under load; an independent reader finds nothing lost and nothing twice.

GREENLANE_CHAOS_PARCELS and GREENLANE_CHAOS_KILLS make it longer: `make chaos`.
"""

import asyncio
import os
from pathlib import Path
from random import Random
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from pipeline.sandbox.carriers.simulate import Mix, simulate
from pipeline.sandbox.carriers.truth import SimulatedMessage
from tests.installation.installation import Installation, Raw, installed, send, settled

PARCELS = int(os.environ.get("GREENLANE_CHAOS_PARCELS", "12000"))
KILLS = int(os.environ.get("GREENLANE_CHAOS_KILLS", "3"))
SEED = int(os.environ.get("GREENLANE_CHAOS_SEED", "5"))
SECONDS_BETWEEN_KILLS = 2.0
CLEAN = Mix(faulty=0, repeat=0.05, conflict=0, corrupt=0)
OUTCOMES = ("release", "inspection", "revenue")


async def decisions(installation: Installation) -> list[tuple[str, str, int, int]]:
    """Carrier, parcel, version and event number of every committed decision, read independently."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=installation.broker,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    found: list[tuple[str, str, int, int]] = []
    async with consumer:
        places = [
            TopicPartition(installation.prefix + topic, partition)
            for topic in OUTCOMES
            for partition in range(8)
        ]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    d = orjson.loads(record.value)
                    found.append(
                        (d["carrier"], d["parcel_id"], d["parcel_version"], d["event_number"])
                    )
    return found


async def kill_under_load(installation: Installation, messages: list[SimulatedMessage]) -> None:
    """Send for as long as workers are killed at random times; each is started again at once."""
    random = Random(SEED)
    pause_s = KILLS * SECONDS_BETWEEN_KILLS / len(messages)
    raw = (Raw(m.key, m.value, m.parcels) for m in messages)
    sending = asyncio.create_task(send(installation, raw, pause_s=pause_s))
    for _ in range(KILLS):
        await asyncio.sleep(random.uniform(0.5, 1.5) * SECONDS_BETWEEN_KILLS)
        worker = random.choice(installation.pool.workers)
        worker.kill()
        assert worker.exit_status is not None
        await asyncio.sleep(random.uniform(0.0, 0.5))
        worker.restarts += 1
        worker.start()
    await sending


@pytest.mark.timeout(900)
def test_killed_workers_lose_nothing_and_decide_nothing_twice(
    broker: str, tmp_path: Path, runner: asyncio.Runner
) -> None:
    messages = list(simulate(PARCELS, SEED, CLEAN))
    with installed(broker, f"t{uuid4().hex[:8]}.", tmp_path, workers=2) as installation:
        runner.run(kill_under_load(installation, messages))
        ledger, _ = runner.run(settled(installation, announced=PARCELS))
        found = runner.run(decisions(installation))
    assert ledger.closed, ledger
    assert ledger.announced == PARCELS
    assert ledger.rejected == ledger.dead_lettered == 0
    assert len(found) == PARCELS, "lost or doubled"
    assert len(set(found)) == PARCELS, "decided twice"
