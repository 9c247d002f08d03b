"""Topics are created as declared, and existing ones are compared."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from msgspec.structs import replace

from pipeline.contract.create import create_topics, delete_topics
from pipeline.contract.declarations import TopicDeclaration, declarations
from pipeline.errors import BrokerError


async def configuration(broker: str, name: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    finally:
        await admin.close()
    return {entry[0]: entry[1] for entry in answers[0].resources[0][4]}


async def test_every_declared_topic_is_created_once(broker: str, topic_prefix: str) -> None:
    names = [topic_prefix + topic.name for topic in declarations()]
    created = await create_topics(broker, declarations(), topic_prefix=topic_prefix, partitions=1)
    again = await create_topics(broker, declarations(), topic_prefix=topic_prefix, partitions=1)
    assert (created, again) == (names, [])


@pytest.mark.parametrize("name", ["manifests", "decide-changelog"])
async def test_a_topic_gets_its_declared_configuration(
    broker: str, topic_prefix: str, name: str
) -> None:
    topic = declared(name)
    await create_topics(broker, [topic], topic_prefix=topic_prefix)
    found = await configuration(broker, topic_prefix + name)
    assert topic.configuration().items() <= found.items()


async def test_differences_of_an_existing_topic_are_listed(broker: str, topic_prefix: str) -> None:
    manifests = declared("manifests")
    other = replace(manifests, partitions=3, timestamp_type="CreateTime")
    await create_topics(broker, [other], topic_prefix=topic_prefix)
    with pytest.raises(BrokerError) as raised:
        await create_topics(broker, [manifests], topic_prefix=topic_prefix)
    text = str(raised.value)
    assert f"{topic_prefix}manifests: partitions is 3, should be 8" in text
    assert "message.timestamp.type is CreateTime, should be LogAppendTime" in text


async def test_another_retention_is_the_operators_choice(broker: str, topic_prefix: str) -> None:
    payments = declared("payments")
    await create_topics(broker, [replace(payments, retention_ms=1)], topic_prefix=topic_prefix)
    assert await create_topics(broker, [payments], topic_prefix=topic_prefix) == []


async def test_deletions_may_be_kept_longer_than_declared_and_not_shorter(
    broker: str, topic_prefix: str
) -> None:
    """Snapshots of the memories rest on it."""
    changelog = declared("decide-changelog")
    longer = replace(changelog, name="longer", delete_retention_ms=259_200_000)
    shorter = replace(changelog, name="shorter", delete_retention_ms=1_000)
    await create_topics(broker, [longer, shorter], topic_prefix=topic_prefix)
    assert (
        await create_topics(broker, [replace(changelog, name="longer")], topic_prefix=topic_prefix)
        == []
    )
    told = "delete.retention.ms is 1000, should be 172800000 or more"
    with pytest.raises(BrokerError, match=told):
        await create_topics(broker, [replace(changelog, name="shorter")], topic_prefix=topic_prefix)


async def test_two_processes_may_create_at_once(broker: str, topic_prefix: str) -> None:
    await asyncio.gather(
        *(create_topics(broker, [declared("release")], topic_prefix=topic_prefix) for _ in "12")
    )


async def test_the_refusal_of_a_broker_is_told(broker: str, topic_prefix: str) -> None:
    with pytest.raises(BrokerError, match=r"could not create topics; .*release"):
        await create_topics(
            broker, [declared("release")], topic_prefix=topic_prefix, replication_factor=3
        )


async def test_deleted_topics_can_be_created_anew(broker: str, topic_prefix: str) -> None:
    """Deleting what is not there is no fault."""
    release = [declared("release")]
    for _ in "12":
        await create_topics(broker, release, topic_prefix=topic_prefix)
        await delete_topics(broker, [*release, declared("revenue")], topic_prefix=topic_prefix)
        await until_gone(broker, topic_prefix + "release")


async def until_gone(broker: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        async with asyncio.timeout(30):
            while name in await admin.list_topics():
                pass
    finally:
        await admin.close()


async def test_deleting_without_a_broker_is_told() -> None:
    with pytest.raises(BrokerError, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        await delete_topics("127.0.0.1:1", declarations())


async def test_no_broker_says_what_to_do() -> None:
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1; start one with `greenlane broker`"):
        await create_topics("127.0.0.1:1", declarations())


def declared(name: str) -> TopicDeclaration:
    return next(topic for topic in declarations() if topic.name == name)
