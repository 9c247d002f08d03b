"""Creating the declared topics on a broker, comparing those that exist already, deleting them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from pipeline.contract.declarations import TopicDeclaration
from pipeline.errors import BrokerError
from pipeline.ops.access import refused, require_broker
from pipeline.stream.connection import Broker, client_arguments

REPLICATION_FACTOR_DEFAULT = 1
KNOWN_DEADLINE_S = 30.0
KNOWN_POLL_S = 0.02
# Retention is the operator's to change; these three decide whether the pipeline works.
CONFIGURATION_CHECKED = ("cleanup.policy", "message.timestamp.type", "max.message.bytes")
# May be more than declared, never less: snapshots rest on it.
DELETE_RETENTION = "delete.retention.ms"


async def create_topics(
    broker: Broker | str,
    topics: Sequence[TopicDeclaration],
    *,
    topic_prefix: str = "",
    partitions: int | None = None,
    replication_factor: int = REPLICATION_FACTOR_DEFAULT,
) -> list[str]:
    """Create the topics that are missing; their names.

    Raises:
        BrokerError: the broker does not let us in, it refuses, or an existing topic differs from
            its declaration in partitions, cleanup policy, timestamp type or message size, or keeps
            deletions for a shorter time.
    """
    await require_broker(broker)
    admin = AIOKafkaAdminClient(**client_arguments(broker))
    try:
        await admin.start()
        existing = await _partition_counts(admin, [topic_prefix + topic.name for topic in topics])
        await _check(admin, topics, existing, topic_prefix, partitions)
        missing = [topic for topic in topics if topic_prefix + topic.name not in existing]
        if missing:
            await _create(admin, missing, topic_prefix, partitions, replication_factor)
            await _until_known(admin, {topic_prefix + topic.name for topic in missing})
        return [topic_prefix + topic.name for topic in missing]
    except KafkaError as error:
        raise refused(broker, "create topics", error) from error
    finally:
        await admin.close()


async def delete_topics(
    broker: Broker | str, topics: Sequence[TopicDeclaration], *, topic_prefix: str = ""
) -> None:
    """Delete topics with all that is in them; those that do not exist are passed over.

    Raises:
        BrokerError: the broker does not let us in, or refuses.
    """
    await require_broker(broker)
    admin = AIOKafkaAdminClient(**client_arguments(broker))
    try:
        await admin.start()
        response = await admin.delete_topics([topic_prefix + topic.name for topic in topics])
    except KafkaError as error:
        raise refused(broker, "delete topics", error) from error
    finally:
        await admin.close()
    for name, code in response.topic_error_codes:
        if code not in {0, UnknownTopicOrPartitionError.errno}:
            raise refused(broker, f"delete the topic {name}", for_code(code)())


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
        if code not in {0, TopicAlreadyExistsError.errno}:  # another process was faster: fine
            raise for_code(code)(f"{name}: {', '.join(filter(None, text))}")


async def _until_known(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """A controller answers before its brokers know: wait, so that topics can be used at once."""
    end_s = monotonic() + KNOWN_DEADLINE_S
    while names - (await _partition_counts(admin, names)).keys():
        if monotonic() > end_s:
            raise BrokerError(
                f"topics are not usable {KNOWN_DEADLINE_S:.0f} s after their creation"
            )
        await asyncio.sleep(KNOWN_POLL_S)


async def _partition_counts(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, int]:
    wanted = set(names)
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in await admin.describe_topics()
        if topic["topic"] in wanted
    }


async def _check(
    admin: AIOKafkaAdminClient,
    topics: Sequence[TopicDeclaration],
    existing: Mapping[str, int],
    topic_prefix: str,
    partitions: int | None,
) -> None:
    found = await _configurations(admin, existing)
    differences = []
    for topic in topics:
        name = topic_prefix + topic.name
        if name not in existing:
            continue
        declared = topic.configuration()
        compared = {
            "partitions": (str(partitions or topic.partitions), str(existing[name])),
            **{key: (declared[key], found[name][key]) for key in CONFIGURATION_CHECKED},
        }
        kept_ms, wanted_ms = found[name][DELETE_RETENTION], declared.get(DELETE_RETENTION, "0")
        if int(kept_ms) < int(wanted_ms):
            compared[DELETE_RETENTION] = (f"{wanted_ms} or more", kept_ms)
        differences += [
            f"{name}: {key} is {there}, should be {here}"
            for key, (here, there) in compared.items()
            if here != there
        ]
    if differences:
        raise BrokerError(
            "topics that exist already differ from their declarations. Delete them, change them, "
            "or use another --topic-prefix:\n  " + "\n  ".join(differences)
        )


async def _configurations(
    admin: AIOKafkaAdminClient, names: Iterable[str]
) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    if not resources:
        return {}
    configurations = {}
    for answer in await admin.describe_configs(resources):
        for code, text, _type, name, entries in answer.resources:
            if code:
                raise for_code(code)(f"{name}: {text or ''}")
            configurations[name] = {entry[0]: entry[1] for entry in entries}
    return configurations
