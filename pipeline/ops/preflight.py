"""What a worker needs of its broker, checked before it starts: a clear word beats a traceback."""

from collections.abc import Iterable

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError

from pipeline.ops.access import refused
from pipeline.ops.partitions import partitions_of
from pipeline.stream.connection import Broker, client_arguments


async def require_worker_rights(
    broker: Broker | str, topics: Iterable[str], *, group_id: str, transactional_id: str
) -> None:
    """Check that the topics are there and that group and transactions may be used.

    Whether each topic may be read or written shows only when that is done; what a worker then
    may not do ends it with the topic's name.

    Raises:
        BrokerError: the broker does not let us in, lacks a topic, or refuses group or transactions.
    """
    await partitions_of(broker, topics)
    client = AIOKafkaClient(**client_arguments(broker))
    await client.bootstrap()
    try:
        for kind, name, what in (
            (CoordinationType.GROUP, group_id, f"join the group {group_id}"),
            (
                CoordinationType.TRANSACTION,
                transactional_id,
                f"use the transactional id {transactional_id}",
            ),
        ):
            try:
                await client.coordinator_lookup(kind, name)
            except KafkaError as error:
                if not error.retriable:  # a new broker needs a moment: the worker itself waits
                    raise refused(broker, what, error) from error
    finally:
        await client.close()
