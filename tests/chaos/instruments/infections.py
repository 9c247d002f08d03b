"""What mutants do to a worker: each function takes one protection away, in this process only."""

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from pipeline.stream import fencing
from pipeline.stream.connection import client_arguments
from pipeline.stream.engine import Engine
from pipeline.stream.fencing import FencedProducer
from pipeline.stream.kafka import KafkaLog
from pipeline.stream.log import Membership
from pipeline.stream.outbox import Outbox, Output
from pipeline.stream.producer import BatchDeliveries, send_outputs
from pipeline.stream.records import Chunk, TopicPartition
from pipeline.stream.room import changelog_topic
from pipeline.stream.settings import StreamSettings
from pipeline.stream.transport import ChunkConsumerThread
from pipeline.stream.waiting import WaitingRecords

CHANGELOGS = frozenset(map(changelog_topic, ("intake", "assess", "decide", "accounts", "score")))


def commit_before_send() -> None:
    """Memory and positions are committed first, what follows from them in a second transaction."""
    send, commit, commit_at_once = KafkaLog.send, KafkaLog.commit, FencedProducer.commit_transaction
    later: list[tuple[list[Output], int]] = []

    async def send_memory(
        log: KafkaLog, outputs: Iterable[Output], *, timestamp_ms: int
    ) -> BatchDeliveries:
        memory, others = _divided(outputs)
        later.append((others, timestamp_ms))
        return await send(log, memory, timestamp_ms=timestamp_ms)

    async def commit_then_send(log: KafkaLog) -> None:
        await commit(log)
        outputs, timestamp_ms = later.pop()
        if outputs:
            await log.begin()
            await (await send(log, outputs, timestamp_ms=timestamp_ms)).confirm()
            await commit_at_once(log._producer)

    KafkaLog.send, KafkaLog.commit = send_memory, commit_then_send


def memory_outside() -> None:
    """The changelog is written by a producer of its own, as it comes."""
    start, send = KafkaLog.start, KafkaLog.send
    plain: AIOKafkaProducer

    async def start_both(log: KafkaLog) -> None:
        nonlocal plain
        await start(log)
        arguments = client_arguments(log._settings.broker)
        plain = AIOKafkaProducer(**arguments, enable_idempotence=True)
        await plain.start()

    async def send_apart(
        log: KafkaLog, outputs: Iterable[Output], *, timestamp_ms: int
    ) -> BatchDeliveries:
        memory, others = _divided(outputs)
        settings: StreamSettings = log._settings
        apart = await send_outputs(
            plain, memory, topic_prefix=settings.topic_prefix, timestamp_ms=timestamp_ms
        )
        await apart.confirm()
        return await send(log, others, timestamp_ms=timestamp_ms)

    KafkaLog.start, KafkaLog.send = start_both, send_apart


def dead_letters_dropped() -> None:
    """Poison disappears."""
    Outbox.dead_letter = lambda *_, **__: None


def fencing_off() -> None:
    """Offsets are committed as of no member: what TxnOffsetCommit v0 does."""
    send_offsets = KafkaLog.send_offsets

    async def send_unfenced(
        log: KafkaLog, offsets: Mapping[TopicPartition, int], membership: Membership
    ) -> None:
        await send_offsets(log, offsets, Membership(membership.group_id, -1, "", None))

    KafkaLog.send_offsets = send_unfenced


def newest_generation() -> None:
    """Records do not know under which generation they were fetched: all go with the newest."""

    def offer(engine: Engine, chunk: Chunk) -> None:
        engine._waiting.add(chunk.source, chunk.records)

    Engine.offer = offer
    WaitingRecords.clear = lambda _: None


def unstable_offsets() -> None:
    """A new owner takes offsets that an open transaction may still change."""
    initialise = fencing._StableFetch.__init__

    def with_unstable(request: Any, group_id: str, topics: Any, _: bool, tags: Any) -> None:
        initialise(request, group_id, topics, False, tags)

    fencing._StableFetch.__init__ = with_unstable


def uncommitted_input() -> None:
    """Rooms read what aborted transactions left, as stock Faust does."""
    create = ChunkConsumerThread._create_worker_consumer

    def create_uncommitted(thread: ChunkConsumerThread, transport: Any) -> AIOKafkaConsumer:
        consumer = create(thread, transport)
        consumer._isolation_level = "read_uncommitted"
        return consumer

    ChunkConsumerThread._create_worker_consumer = create_uncommitted


def _divided(outputs: Iterable[Output]) -> tuple[list[Output], list[Output]]:
    """Records of changelogs, and all others."""
    memory: list[Output] = []
    others: list[Output] = []
    for output in outputs:
        (memory if output.topic in CHANGELOGS else others).append(output)
    return memory, others


INFECTIONS = {
    infect.__name__.replace("_", "-"): infect
    for infect in (
        commit_before_send,
        memory_outside,
        dead_letters_dropped,
        uncommitted_input,
        fencing_off,
        newest_generation,
        unstable_offsets,
    )
}
"""By the names of the mutants."""
