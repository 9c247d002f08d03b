"""Topics, worker processes and readers for the broker tests of the stream core."""

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from pipeline.sandbox.ports import free_port
from tests.stream.counting import TOPICS
from tests.stream.installation import Installation

REPOSITORY = Path(__file__).parents[2]
POLL_S = 0.05
DEADLINE_S = 40.0


class Cluster(Installation):
    """One test's own topics and workers on the shared broker."""

    def __init__(self, broker: str, prefix: str, folder: Path) -> None:
        self.broker = broker
        self.prefix = prefix
        self._folder = folder
        self._workers: list[Worker] = []
        self._ends: AIOKafkaConsumer | None = None

    async def create_topics(
        self, topics: Mapping[str, int] = TOPICS, *, dead_letter_bytes_max: int = 2_097_164
    ) -> None:
        """Create the topics with their partition counts."""
        configuration = {"dead-letters": {"max.message.bytes": str(dead_letter_bytes_max)}}
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker)
        await admin.start()
        try:
            await admin.create_topics(
                [
                    NewTopic(self.prefix + name, count, 1, topic_configs=configuration.get(name))
                    for name, count in topics.items()
                ]
            )
        finally:
            await admin.close()

    def start_worker(self, worker_id: str = "w1", *options: str) -> "Worker":
        """Start a worker process of the counting rooms, with options as it takes them."""
        worker = Worker(self.broker, self.prefix, worker_id, self._folder, *options)
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        """End the workers that still run."""
        for worker in self._workers:
            worker.kill()

    async def publish(
        self, topic: str, values: Sequence[bytes], *, timestamp_ms: int | None = None
    ) -> None:
        """Write values to the topic's partitions in turn."""
        name = self.prefix + topic
        producer = AIOKafkaProducer(
            bootstrap_servers=self.broker, linger_ms=5, max_request_size=2_000_000
        )
        await producer.start()
        try:
            count = len(await producer.partitions_for(name))
            for number, value in enumerate(values):
                await producer.send(
                    name, value, partition=number % count, timestamp_ms=timestamp_ms
                )
            await producer.flush()
        finally:
            await producer.stop()

    async def read(
        self, topic: str, *, isolation_level: str = "read_committed"
    ) -> list[ConsumerRecord]:
        """Everything on a topic, as a reader of that isolation sees it."""
        name = self.prefix + topic
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.broker,
            isolation_level=isolation_level,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=20,
        )
        await consumer.start()
        try:
            count = len(await consumer._client._wait_on_metadata(name))
            places = [TopicPartition(name, partition) for partition in range(count)]
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            found: list[ConsumerRecord] = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                fetched = await consumer.getmany(timeout_ms=20)
                found += [record for records in fetched.values() for record in records]
            return found
        finally:
            await consumer.stop()

    async def committed_records(self, topic: str) -> int:
        """End of the committed records of a topic, transaction markers included."""
        if not self._ends:
            self._ends = AIOKafkaConsumer(
                bootstrap_servers=self.broker, isolation_level="read_committed"
            )
            await self._ends.start()
        name = self.prefix + topic
        count = len(await self._ends._client._wait_on_metadata(name))
        places = [TopicPartition(name, partition) for partition in range(count)]
        return sum((await self._ends.end_offsets(places)).values())

    async def stop_reading(self) -> None:
        """Disconnect what `committed_records` uses."""
        if self._ends:
            await self._ends.stop()
            self._ends = None

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition; fails after the deadline."""
        await until(condition)


class Worker:
    """A worker process, with its log in a file."""

    def __init__(
        self, broker: str, prefix: str, worker_id: str, folder: Path, *options: str
    ) -> None:
        self.worker_id = worker_id
        self.log_path = folder / f"{worker_id}.log"
        arguments = (broker, prefix, worker_id, str(free_port()), *options)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.stream.counting", *arguments],
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        """What it logged so far."""
        return self.log_path.read_text()

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def until_frozen(self) -> None:
        """Wait until it has stopped itself."""

        async def frozen() -> bool:
            return psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED

        await until(frozen)

    def wake(self) -> None:
        """SIGCONT."""
        self.send(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.send(signal.SIGTERM)
        return await self.exit_status()

    async def exit_status(self) -> int:
        """Exit status, once it has ended."""

        async def ended() -> bool:
            return self._process.poll() is not None

        await until(ended)
        return self._process.returncode

    async def until_restored(self, partitions: int) -> None:
        """Wait until it has restored the memories of so many partitions."""

        async def restored() -> bool:
            assert self._process.poll() is None, self.log
            return re.findall(r"entries of (\d+) partitions", self.log)[-1:] == [str(partitions)]

        await until(restored)

    async def until_logged(self, text: str) -> None:
        """Wait until the log holds a text."""

        async def logged() -> bool:
            assert self._process.poll() is None, self.log
            return text in self.log

        await until(logged)


async def until(condition: Callable[[], Awaitable[bool]], deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition; fails after the deadline."""
    end = time.monotonic() + deadline_s
    while not await condition():
        assert time.monotonic() < end, f"not so after {deadline_s:.0f} s"
        await asyncio.sleep(POLL_S)
