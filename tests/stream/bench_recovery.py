"""How fast a worker gets its memories back: from the changelog alone, and with snapshots.

`python -m tests.stream.bench_recovery [ENTRIES]` starts a broker, fills changelogs of eight
partitions with ENTRIES entries (a million) of each kind, and restores them in a fresh process each
time, as a worker does. `plain` are values of about 120 bytes; `assess` and `decide` are the
memories of these two rooms. With snapshots, one entry in twenty was changed after they were
written.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, ClassVar, NamedTuple

import msgspec
import psutil

from pipeline.assess.state import Exposure, ExposureEntry
from pipeline.decide.state import Case, CaseState
from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.stream.changelog import changelog_outputs
from pipeline.stream.kafka import KafkaLog
from pipeline.stream.records import TopicPartition
from pipeline.stream.recovery import restore
from pipeline.stream.report import SilentObserver
from pipeline.stream.room import changelog_topic
from pipeline.stream.settings import StreamSettings
from pipeline.stream.snapshot_folder import SnapshotFolder
from pipeline.stream.snapshots import Snapshots
from pipeline.stream.state import KeyedState
from pipeline.stream.work import Workshop
from tests.stream.cluster import Cluster
from tests.stream.counting import settings

PARTITIONS = 8
ENTRIES_PER_TRANSACTION = 20_000
CHANGED_EVERY = 20
NOW_MS = 1_780_000_000_000
KEPT_MS = 400 * 24 * 3_600_000


class Plain(msgspec.Struct, frozen=True, array_like=True):
    """About 120 bytes."""

    number: int
    text: str


def plain(number: int, random: Random) -> Plain:
    return Plain(number, random.randbytes(52).hex())


def exposure(number: int, random: Random) -> Exposure:
    """A consignee with one parcel, or now and then a few."""
    return Exposure(
        [
            ExposureEntry(
                f"SWIFTPOST/LX{number + parcel:09d}CN",
                NOW_MS // 1000 + number,
                Decimal(random.randrange(500, 15_000)) / 100,
                "EUR",
            )
            for parcel in range(random.choice((1, 1, 1, 4)))
        ]
    )


def case(number: int, random: Random) -> Case:
    """Nineteen cases in twenty are closed; an open one keeps its assessment."""
    manifest_id = f"SP-{number // 200:08d}"
    if number % 20:
        return Case(CaseState.RELEASED, 1, manifest_id, 1, Decimal("9.06"))
    return Case(CaseState.AWAITING_PAYMENT, 1, manifest_id, 1, assessed=random.randbytes(700))


class Kind(NamedTuple):
    """What entries of a memory look like."""

    state_type: Any
    value: Callable[[int, Random], Any]
    key: str


KINDS = {
    "plain": Kind(Plain, plain, "SWIFTPOST/LX{:09d}CN"),
    "assess": Kind(Exposure, exposure, "{:032x}"),
    "decide": Kind(Case, case, "SWIFTPOST/LX{:09d}CN"),
}


class Remembering:
    """A room of which only the memory matters."""

    outputs: ClassVar = ()
    enclosers: ClassVar = {}

    def __init__(self, kind: str) -> None:
        self.name = kind
        self.inputs = (f"{kind}-in",)
        self.state_type = KINDS[kind].state_type

    def work(self, *_: Any) -> None:
        """Nothing."""


async def fill(log: KafkaLog, kind: str, numbers: Iterator[int]) -> int:
    """Write entries to the changelog as cycles do; bytes of keys and values."""
    random, room = Random(1), Remembering(kind)
    size_bytes = 0
    while True:
        states = [KeyedState[Any](room.state_type) for _ in range(PARTITIONS)]
        for _, number in zip(range(ENTRIES_PER_TRANSACTION), numbers, strict=False):
            key, value = KINDS[kind].key.format(number), KINDS[kind].value(number, random)
            expires_at_ms = NOW_MS + number * 100 + KEPT_MS
            states[number % PARTITIONS].put(key, value, expires_at_ms=expires_at_ms)
        if not any(map(len, states)):
            return size_bytes
        outputs = [
            output
            for partition, state in enumerate(states)
            for output in changelog_outputs(
                room, partition, state, {TopicPartition(room.inputs[0], partition): 0}
            )
        ]
        size_bytes += sum(len(o.key or b"") + len(o.value or b"") for o in outputs)
        await log.begin()
        sent = await log.send(outputs, timestamp_ms=NOW_MS)
        await sent.confirm()
        await log.commit()


async def measure(worker: StreamSettings, kind: str, *, write: bool) -> dict[str, float]:
    """Restore in this process; with `write`, write the snapshots afterwards."""
    room = Remembering(kind)
    workshop = Workshop([room], {})
    log = KafkaLog(worker)
    await log.start()
    folder = SnapshotFolder(worker, await log.topic_ids([changelog_topic(kind)]))
    committed = {TopicPartition(room.inputs[0], partition): -1 for partition in range(PARTITIONS)}
    process = psutil.Process()
    before_bytes, cpu_s, started = process.memory_info().rss, time.process_time(), time.monotonic()
    snapshots = Snapshots(folder, worker, SilentObserver())
    restored = await restore(workshop, committed, log, snapshots)
    seconds, cpu_s = time.monotonic() - started, time.process_time() - cpu_s
    found = {
        "entries": sum(map(len, workshop.states.values())),
        "from_snapshots": sum(reader.snapshot_entries for reader in restored.readers),
        "records": sum(reader.records for reader in restored.readers),
        "seconds": seconds,
        "cpu_s": cpu_s,
        "bytes": process.memory_info().rss - before_bytes,
    }
    started = time.monotonic()
    if write:
        snapshots.restored(restored.readers, time.time())
        await snapshots.finish(workshop)
    found["write_s"] = time.monotonic() - started
    await log.stop()
    return found


def measured(broker: str, folder: str, kind: str, *, write: bool = False) -> dict[str, float]:
    """`measure` in a fresh process."""
    arguments = ["measure", broker, folder, kind, *(["write"] if write else [])]
    command = [sys.executable, "-m", "tests.stream.bench_recovery", *arguments]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    found: dict[str, float] = json.loads(answer)
    return found


def line(what: str, found: dict[str, float]) -> str:
    entries = found["entries"]
    return (
        f"  {what:22} {found['seconds']:5.1f} s  {entries / found['seconds']:9,.0f} entries/s  "
        f"{found['cpu_s'] / entries * 1e6:4.1f} us of CPU each  "
        f"({found['from_snapshots']:,.0f} from snapshots, {found['records']:,.0f} records read)"
    )


async def bench(entries: int) -> None:
    """Fill, restore and print, kind after kind."""
    with EmbeddedBroker() as broker, tempfile.TemporaryDirectory() as folder:
        address = broker.bootstrap_servers
        names = [name for kind in KINDS for name in (f"{kind}-in", changelog_topic(kind))]
        await Cluster(address, "bench.", Path()).create_topics(dict.fromkeys(names, PARTITIONS))
        log = KafkaLog(settings(address, "bench.", "writer", 0))
        await log.start()
        for kind in KINDS:
            size_bytes = await fill(log, kind, iter(range(entries)))
            print(f"{kind}: {entries:,} entries, key and value {size_bytes / entries:.0f} bytes")  # noqa: T201
            alone = measured(address, folder, kind, write=True)
            print(line("changelog alone", alone))  # noqa: T201
            await fill(log, kind, iter(range(0, entries, CHANGED_EVERY)))
            print(line("snapshots + changelog", measured(address, folder, kind)))  # noqa: T201
            print(  # noqa: T201
                f"  memory {alone['bytes'] / entries:.0f} bytes an entry; "
                f"snapshots written in {alone['write_s']:.1f} s",
                flush=True,
            )
        await log.stop()


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["measure"]:
        _, broker, folder, kind, *write = arguments
        worker = settings(broker, "bench.", f"reader-{kind}", 0, snapshot_dir=folder)
        print(json.dumps(asyncio.run(measure(worker, kind, write=bool(write)))))  # noqa: T201
    else:
        asyncio.run(bench(int(arguments[0]) if arguments else 1_000_000))


if __name__ == "__main__":
    main()
