"""Which partitions topics have, asked of the broker."""

from collections.abc import Iterable

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from pipeline.errors import BrokerError


async def partitions_of(broker: str, topics: Iterable[str]) -> list[TopicPartition]:
    """All partitions of topics, given by their full names.

    Raises:
        BrokerError: nothing answers at the address, or a topic is missing.
    """
    client = AIOKafkaClient(bootstrap_servers=broker)
    try:
        await client.bootstrap()
        cluster = await client.fetch_all_metadata()
    except (KafkaError, OSError) as error:
        raise BrokerError(
            f"no Kafka broker answers at {broker}; start one with `greenlane broker`, or name "
            "another with --broker HOST:PORT"
        ) from error
    finally:
        await client.close()
    found = {topic: cluster.partitions_for_topic(topic) for topic in topics}
    missing = sorted(topic for topic, partitions in found.items() if not partitions)
    if missing:
        raise BrokerError(
            f"the broker at {broker} has no topic {', '.join(missing)}; "
            "run `greenlane topics create` first"
        )
    return [
        TopicPartition(topic, partition)
        for topic, partitions in found.items()
        for partition in sorted(partitions)
    ]
