"""Which topics a broker has and in which partitions, as far as it shows them to us."""

from collections.abc import Collection, Iterable

from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from pipeline.errors import BrokerError
from pipeline.ops.access import refused, require_broker, user_of
from pipeline.stream.connection import Broker, client_arguments


async def partitions_of(broker: Broker | str, topics: Iterable[str]) -> list[TopicPartition]:
    """All partitions of topics, given by their full names.

    Raises:
        BrokerError: the broker does not let us in, or a topic is missing.
    """
    cluster = await _metadata(broker)
    found = {topic: cluster.partitions_for_topic(topic) for topic in topics}
    require_topics(broker, found, [topic for topic, partitions in found.items() if partitions])
    return [
        TopicPartition(topic, partition)
        for topic, partitions in found.items()
        for partition in sorted(partitions)
    ]


async def topics_on(broker: Broker | str, topic_prefix: str) -> frozenset[str]:
    """Logical names of an installation's topics that the broker shows us.

    Raises:
        BrokerError: the broker does not let us in.
    """
    cluster = await _metadata(broker)
    return frozenset(
        topic.removeprefix(topic_prefix)
        for topic in cluster.topics()
        if topic.startswith(topic_prefix)
    )


def require_topics(broker: Broker | str, topics: Iterable[str], existing: Collection[str]) -> None:
    """Check that topics are among the existing ones, both by their full names.

    Raises:
        BrokerError: one is not. A broker does not tell whether it is missing or kept from us.
    """
    missing = sorted(set(topics).difference(existing))
    if missing:
        raise BrokerError(
            f"the broker at {broker} has no topic {', '.join(missing)}, or none that "
            f"{user_of(broker)} may use; run `greenlane topics create` first, or have the right "
            "granted"
        )


async def _metadata(broker: Broker | str) -> ClusterMetadata:
    await require_broker(broker)
    client = AIOKafkaClient(**client_arguments(broker))
    try:
        await client.bootstrap()
        return await client.fetch_all_metadata()
    except KafkaError as error:
        raise refused(broker, "list topics", error) from error
    finally:
        await client.close()
