"""How long an item is under way through the three rooms of `tests.stream.bench`.

`python -m tests.stream.bench_latency [SECONDS]` starts a broker and two workers on this machine,
offers 1,000 and then 5,000 items a second for SECONDS each, and prints the time from publishing an
item to reading its committed result.
"""

import asyncio
import sys
import time
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from pipeline.sandbox.broker import EmbeddedBroker
from tests.stream.bench import ITEMS_PER_RECORD, PARTITIONS, TOPICS, Item, encode, start_worker
from tests.stream.cluster import Cluster, until

RATES = (1_000, 5_000)
WARM_UP_S = 8.0
TEXT = "x" * 580


class Trial:
    """Offers items, and notes when their results are read."""

    def __init__(self, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._producer = producer
        self._consumer = consumer
        self._topic = topic
        self._offered_at_s: list[float] = []  # by record of ITEMS_PER_RECORD items
        self.seconds: list[float] = []

    async def offer(self, items_per_second: int, seconds: float) -> list[float]:
        """Offer at a rate, until all results are read; how long each item took, sorted."""
        first, due = len(self.seconds), time.monotonic()
        end = due + seconds
        while due < end:
            start = len(self._offered_at_s) * ITEMS_PER_RECORD
            items = [Item(number, TEXT) for number in range(start, start + ITEMS_PER_RECORD)]
            self._offered_at_s.append(time.monotonic())
            partition = len(self._offered_at_s) % PARTITIONS
            await self._producer.send(self._topic, encode(items), partition=partition)
            due += ITEMS_PER_RECORD / items_per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))

        async def all_read() -> bool:
            return len(self.seconds) == len(self._offered_at_s) * ITEMS_PER_RECORD

        await until(all_read)
        return sorted(self.seconds[first:])

    async def read(self) -> None:
        """Read results for ever."""
        async for record in self._consumer:
            offered_at_s = self._offered_at_s[int(record.key) // ITEMS_PER_RECORD]
            self.seconds.append(time.monotonic() - offered_at_s)


async def measure(seconds: float) -> None:
    """Run the trial and print its figures."""
    with EmbeddedBroker() as broker:
        cluster = Cluster(broker.bootstrap_servers, "latency.", Path())
        await cluster.create_topics(TOPICS)
        workers = [start_worker(cluster, f"w{number}") for number in (1, 2)]
        producer = AIOKafkaProducer(bootstrap_servers=cluster.broker)
        consumer = AIOKafkaConsumer(
            "latency.out",
            bootstrap_servers=cluster.broker,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=10,
        )
        await producer.start()
        await consumer.start()
        trial = Trial(producer, consumer, "latency.in")
        reading = asyncio.create_task(trial.read())
        await trial.offer(RATES[0], WARM_UP_S)
        for rate in RATES:
            taken = await trial.offer(rate, seconds)
            figures = [f"p{q} {taken[len(taken) * q // 100] * 1000:.0f} ms" for q in (50, 95, 99)]
            print(f"{rate} items/s: {', '.join(figures)}")  # noqa: T201
        reading.cancel()
        await consumer.stop()
        await producer.stop()
        for worker in workers:
            worker.terminate()
            worker.wait()


if __name__ == "__main__":
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 12.0))
