"""Creating the declared topics on a broker, and comparing those that exist already."""

from collections.abc import Mapping, Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from pipeline.contract.declarations import TopicDeclaration
from pipeline.errors import BrokerError

REPLICATION_FACTOR_DEFAULT = 1


async def create_topics(
    broker: str,
    topics: Sequence[TopicDeclaration],
    *,
    topic_prefix: str = "",
    partitions: int | None = None,
    replication_factor: int = REPLICATION_FACTOR_DEFAULT,
) -> list[str]:
    """Create the topics that are missing; their names.

    Raises:
        BrokerError: no broker answers, it refuses, or an existing topic has another number of
            partitions than declared.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    try:
        await admin.start()
    except (KafkaError, OSError) as error:
        await admin.close()
        raise BrokerError(
            f"no Kafka broker answers at {broker}; start one with `greenlane broker`, or name "
            "another with --broker HOST:PORT"
        ) from error
    try:
        existing = await _partition_counts(admin, [topic_prefix + topic.name for topic in topics])
        _check(topics, existing, topic_prefix, partitions)
        missing = [topic for topic in topics if topic_prefix + topic.name not in existing]
        if missing:
            await _create(admin, missing, topic_prefix, partitions, replication_factor)
        return [topic_prefix + topic.name for topic in missing]
    finally:
        await admin.close()


async def _create(
    admin: AIOKafkaAdminClient,
    topics: Sequence[TopicDeclaration],
    topic_prefix: str,
    partitions: int | None,
    replication_factor: int,
) -> None:
    response = await admin.create_topics(
        [
            NewTopic(
                name=topic_prefix + topic.name,
                num_partitions=partitions or topic.partitions,
                replication_factor=replication_factor,
                topic_configs=topic.configuration(),
            )
            for topic in topics
        ]
    )
    for name, code, *text in response.topic_errors:
        if code:
            raise BrokerError(f"the broker refused to create {name}: {for_code(code)} {text}")


async def _partition_counts(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    wanted = set(names)
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in await admin.describe_topics()
        if topic["topic"] in wanted
    }


def _check(
    topics: Sequence[TopicDeclaration],
    existing: Mapping[str, int],
    topic_prefix: str,
    partitions: int | None,
) -> None:
    for topic in topics:
        name = topic_prefix + topic.name
        declared = partitions or topic.partitions
        found = existing.get(name, declared)
        if found != declared:
            raise BrokerError(
                f"{name} has {found} partitions, its declaration says {declared}. Partitions "
                "cannot be changed under a running installation: delete the topic, or use another "
                "--topic-prefix"
            )
