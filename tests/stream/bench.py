"""What the stream core costs by itself: three rooms that only carry, with memories and changelogs.

`python -m tests.stream.bench [ITEMS]` starts a broker and two workers on this machine, lets them
drain ITEMS items (records of 100 items in, envelopes between the rooms, one record each out, two
memories with a changelog record for each item), and prints rate and CPU time for each item.
"""

import asyncio
import cProfile
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Any, ClassVar, NamedTuple

import faust
import msgspec
import psutil

from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.sandbox.ports import free_port
from pipeline.stream import KeyedState, Outbox, Record
from pipeline.stream.app import build_stream_app
from pipeline.stream.report import CycleReport, SilentObserver
from tests.stream.cluster import Cluster, until
from tests.stream.counting import settings

PARTITIONS = 8
ITEMS_PER_RECORD = 100
DEADLINE_S = 300.0
CHANGELOGS = ("open-changelog", "carry-changelog", "close-changelog")
TOPICS = dict.fromkeys(("in", "first", "second", "out", "dead-letters", *CHANGELOGS), PARTITIONS)
HEADERS = [("ce_id", b"0123456789abcdef"), ("ce_type", b"done"), ("content-type", b"json")]


class Item(msgspec.Struct, frozen=True, array_like=True):
    """About 600 bytes, as a parcel."""

    number: int
    text: str


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """What the rooms remember of an item."""

    number: int
    text: str


decode_items = msgspec.msgpack.Decoder(list[Item]).decode
encode = msgspec.msgpack.Encoder().encode


class Open:
    """Records of items to envelopes; no memory."""

    name, inputs, outputs = "open", ("in",), ("dead-letters",)
    state_type = Seen
    enclosers: ClassVar = {"first": encode}

    def work(self, record: Record, state: KeyedState[Seen], outbox: Outbox) -> None:
        for item in decode_items(record.value or b""):
            outbox.enclose("first", item.number % PARTITIONS, item)


class Carry:
    """Envelopes to envelopes, remembering each item."""

    name, inputs, outputs = "carry", ("first",), ("dead-letters",)
    state_type = Seen
    enclosers: ClassVar = {"second": encode}

    def work(self, record: Record, state: KeyedState[Seen], outbox: Outbox) -> None:
        for item in decode_items(record.value or b""):
            state.put(str(item.number % 50_000), Seen(item.number, item.text[:60]))
            outbox.enclose("second", item.number // 7 % PARTITIONS, item)


class Close:
    """Envelopes to one record for each item, remembering each item."""

    name, inputs, outputs = "close", ("second",), ("out", "dead-letters")
    state_type = Seen
    enclosers: ClassVar = {}

    def work(self, record: Record, state: KeyedState[Seen], outbox: Outbox) -> None:
        for item in decode_items(record.value or b""):
            key = str(item.number)
            state.put(key, Seen(item.number, item.text[:100]))
            value = msgspec.json.encode(Seen(item.number, item.text[:300]))
            partition = record.partition
            outbox.send("out", key=key.encode(), value=value, partition=partition, headers=HEADERS)


class Sums(SilentObserver):
    """Sums of what a worker's cycles took."""

    def __init__(self) -> None:
        self.cycles = 0
        self.work_seconds = 0.0
        self.transaction_seconds = 0.0

    def __str__(self) -> str:
        return (
            f"{self.cycles} cycles, {self.work_seconds:.1f} s of work, "
            f"{self.transaction_seconds:.1f} s of transactions"
        )

    def on_cycle(self, report: CycleReport) -> None:
        """Add a cycle."""
        self.cycles += 1
        self.work_seconds += sum(room.work_seconds for room in report.rooms.values())
        self.transaction_seconds += report.transaction_seconds


def run_worker(broker: str, prefix: str, worker_id: str, port: str) -> None:
    """One worker; GREENLANE_PROFILE names a file for a profile of its event loop."""
    rooms = [Open(), Carry(), Close()]
    observer = Sums()
    app = build_stream_app(rooms, settings(broker, prefix, worker_id, int(port)), observer)
    worker = faust.Worker(app, loglevel="WARNING", logfile=None)
    profile_path = os.environ.get("GREENLANE_PROFILE")
    if profile_path and worker_id == "w1":
        profile = cProfile.Profile()

        def finish() -> None:
            profile.disable()
            profile.dump_stats(profile_path)

        threading.Timer(12.0, finish).start()
        profile.enable()
    try:
        worker.execute_from_commandline()
    finally:
        print(f"{worker_id}: {observer}", flush=True)  # noqa: T201


def start_worker(cluster: Cluster, worker_id: str) -> subprocess.Popen[bytes]:
    """A worker in a process of its own."""
    arguments = (cluster.broker, cluster.prefix, worker_id, str(free_port()))
    return subprocess.Popen([sys.executable, "-m", "tests.stream.bench", "worker", *arguments])


class Used(NamedTuple):
    """CPU seconds so far."""

    workers: float
    broker: float


async def measure(items: int) -> None:
    """Fill the input, start two workers, and print what draining it took."""
    with EmbeddedBroker() as broker:
        cluster = Cluster(broker.bootstrap_servers, "bench.", Path())
        await cluster.create_topics(TOPICS)
        random = Random(1)
        texts = [random.randbytes(290).hex() for _ in range(1_000)]
        await cluster.publish(
            "in",
            [
                encode([Item(n, texts[n % 1_000]) for n in range(start, start + ITEMS_PER_RECORD)])
                for start in range(0, items, ITEMS_PER_RECORD)
            ],
        )
        workers = [start_worker(cluster, f"w{number}") for number in (1, 2)]
        processes = [psutil.Process(worker.pid) for worker in workers]
        java = psutil.Process(broker.pid)

        def used() -> Used:
            times = [sum(process.cpu_times()[:2]) for process in processes]
            return Used(sum(times), sum(java.cpu_times()[:2]))

        await until(lambda: written(cluster, 1), DEADLINE_S)
        began, before = time.monotonic(), used()
        await until(lambda: written(cluster, items), DEADLINE_S)
        seconds, after = time.monotonic() - began, used()
        for worker in workers:
            worker.terminate()
            worker.wait()
        await cluster.stop_reading()
        keys = [record.key for record in await cluster.read("out")]
        print(  # noqa: T201
            f"{items} items in {seconds:.1f} s: {items / seconds:,.0f}/s; CPU us per item: "
            f"workers {(after.workers - before.workers) / items * 1e6:.1f}, "
            f"broker {(after.broker - before.broker) / items * 1e6:.1f}; "
            f"lost {items - len(set(keys))}, double {len(keys) - len(set(keys))}"
        )


async def written(cluster: Cluster, items: int) -> bool:
    """Whether so many items are committed to the output."""
    return await cluster.committed_records("out") >= items


def main() -> None:
    arguments: list[Any] = sys.argv[1:]
    if arguments[:1] == ["worker"]:
        run_worker(*arguments[1:])
    else:
        asyncio.run(measure(int(arguments[0]) if arguments else 300_000))


if __name__ == "__main__":
    main()
