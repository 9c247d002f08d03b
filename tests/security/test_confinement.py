"""A carrier with topics of its own reaches those and nothing else; what it says it is counts not.

The denials are those of Kafka itself, on a broker with an authorizer.
"""

import asyncio
import time

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from aiokafka.protocol.fetch import FetchRequest

from pipeline.errors import BrokerError
from pipeline.model import Acknowledgement
from pipeline.ops.topic_reader import TopicReader
from pipeline.sandbox.carriers.simulate import simulate
from pipeline.sandbox.manifest_files import ManifestMessage
from pipeline.sandbox.publisher import publish
from pipeline.stream.connection import Broker, client_arguments
from pipeline.stream.records import Record
from tests import builders
from tests.security.conftest import APART, PREFIX
from tests.security.secured_broker import SecuredBroker
from tests.security.settled import announced_before, settled

DEADLINE_S = 30.0
FORBIDDEN_TO_WRITE = (
    *("manifests", "manifests.BLUEWAVE", "acknowledgements.SWIFTPOST", "release", "inspections"),
    *("payments", "parcels", "intake-changelog", "dead-letters"),
)
FORBIDDEN_TO_READ = (
    *("manifests.SWIFTPOST", "manifests.BLUEWAVE", "acknowledgements.BLUEWAVE", "manifests"),
    *("acknowledgements", "release", "inspection", "revenue", "dead-letters", "parcels"),
)


async def send(broker: Broker | str, topic: str, key: bytes, value: bytes) -> None:
    """Write one record with a client that knows nothing of Greenlane."""
    producer = AIOKafkaProducer(**client_arguments(broker))
    await producer.start()
    try:
        await producer.send_and_wait(PREFIX + topic, key=key, value=value)
    finally:
        await producer.stop()


async def join(broker: Broker, topic: str, group: str) -> None:
    """Read a topic as a member of a consumer group."""
    consumer = AIOKafkaConsumer(PREFIX + topic, **client_arguments(broker), group_id=group)
    await consumer.start()
    await consumer.stop()


async def fetch(broker: Broker, topic: str) -> int:
    """Ask for what stands on a topic, as no client would that sees it is not allowed to; the code.

    aiokafka's consumer does not even ask for topics that the broker does not show it.
    """
    client = AIOKafkaClient(**client_arguments(broker))
    try:
        await client.bootstrap()
        request = FetchRequest(0, 0, 1_000_000, 0, [(PREFIX + topic, [(0, 0, 1_000_000)])])
        response = await client.send(client.get_random_node(), request)
    finally:
        await client.close()
    ((_, ((_, code, *_rest),)),) = response.topics
    return int(code)


def message(carrier: str, manifest_id: str) -> ManifestMessage:
    manifest = builders.manifest(carrier=carrier, manifest_id=manifest_id)
    key = f"{carrier}/{manifest_id}".encode()
    return ManifestMessage(key, msgspec.json.encode(manifest), 1)


def answers(records: list[Record], topic: str, manifest_id: str) -> list[Acknowledgement]:
    """Acknowledgements on a topic that name a manifest."""
    found = [
        msgspec.json.decode(record.value or b"", type=Acknowledgement)
        for record in records
        if record.topic == topic
    ]
    return [answer for answer in found if answer.manifest_id == manifest_id]


async def test_a_carrier_publishes_and_reads_its_answers(installation: SecuredBroker) -> None:
    """By its login alone: the publisher finds its topic, the room answers on its own."""
    before = await announced_before(installation)
    user = installation.user("SWIFTPOST")
    async with TopicReader(user, ["acknowledgements.SWIFTPOST"], topic_prefix=PREFIX) as reader:
        await publish([message("SWIFTPOST", "own-1")], broker=user, topic_prefix=PREFIX)
        records: list[Record] = []
        end_s = time.monotonic() + DEADLINE_S
        while not records and time.monotonic() < end_s:
            records = await reader.poll(200)
    (answer,) = answers(records, "acknowledgements.SWIFTPOST", "own-1")
    assert answer.accepted_parcels == 1
    ledger, _ = await settled(installation, before + 1)
    assert ledger.closed, ledger


async def test_carriers_apart_and_sharing_carriers_work_side_by_side(
    installation: SecuredBroker,
) -> None:
    """Simulated carriers, faults and repeats included: the ledger over all topics closes."""
    before = await announced_before(installation)
    await publish(simulate(1_500, 35), broker=installation.user("admin"), topic_prefix=PREFIX)
    ledger, records = await settled(installation, before + 1_500)
    assert ledger.closed, ledger
    topics = {record.topic for record in records}
    assert {"manifests", *(f"manifests.{carrier}" for carrier in APART)} <= topics
    for record in records:
        carrier = (record.key or b"").decode().partition("/")[0]
        if record.topic.startswith("acknowledgements"):
            own = f"acknowledgements.{carrier}"
            assert record.topic == (own if carrier in APART else "acknowledgements")


@pytest.mark.parametrize("topic", FORBIDDEN_TO_WRITE)
async def test_a_carrier_may_write_to_no_other_topic(
    installation: SecuredBroker, topic: str
) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await send(installation.user("SWIFTPOST"), topic, b"SWIFTPOST/1", b"{}")


@pytest.mark.parametrize("topic", FORBIDDEN_TO_READ)
async def test_a_carrier_may_read_no_other_topic(installation: SecuredBroker, topic: str) -> None:
    assert await fetch(installation.user("SWIFTPOST"), topic) == TopicAuthorizationFailedError.errno


async def test_a_carrier_may_read_its_answers(installation: SecuredBroker) -> None:
    """The test of the test above: the same request is answered where it is allowed."""
    assert await fetch(installation.user("SWIFTPOST"), "acknowledgements.SWIFTPOST") == 0


async def test_a_carrier_may_use_groups_of_its_own_name_only(installation: SecuredBroker) -> None:
    user, topic = installation.user("SWIFTPOST"), "acknowledgements.SWIFTPOST"
    await join(user, topic, "SWIFTPOST/answers")
    for group in ("customs", "BLUEWAVE/answers", "SWIFTPOST"):
        with pytest.raises(GroupAuthorizationFailedError):
            await join(user, topic, group)


async def test_a_refusal_by_rights_is_told_in_words(installation: SecuredBroker) -> None:
    """A topic that the broker shows but does not let us read, and one it does not even show."""
    user = installation.user("SWIFTPOST")
    async with TopicReader(user, ["manifests.SWIFTPOST"], topic_prefix=PREFIX) as reader:
        with pytest.raises(
            BrokerError, match=r"not allow the user SWIFTPOST to read \w+\.manifests"
        ):
            await reader.poll(5_000)
    with pytest.raises(BrokerError, match="or none that the user SWIFTPOST may use"):
        await TopicReader(user, ["release"], topic_prefix=PREFIX).__aenter__()


@pytest.mark.parametrize("topic", ["manifests.BLUEWAVE", "manifests"])
async def test_a_forged_carrier_id_is_refused_and_counted(
    installation: SecuredBroker, topic: str
) -> None:
    """SWIFTPOST's name on another carrier's topic, and on the one that carriers share."""
    before = await announced_before(installation)
    forged = message("SWIFTPOST", f"forged on {topic}")
    sender = "BLUEWAVE" if topic == "manifests.BLUEWAVE" else "AEROPAK"
    await send(installation.user(sender), topic, forged.key, forged.value)
    ledger, records = await settled(installation, before + 1)
    assert ledger.closed, ledger
    (letter,) = [r for r in records if r.topic == "dead-letters" and r.key == forged.key]
    headers = dict(letter.headers)
    assert headers["error_code"] == b"carrier_mismatch"
    assert headers["source_topic"] == topic.encode()
    assert letter.value == forged.value
    manifest_id = f"forged on {topic}"
    assert answers(records, "acknowledgements.SWIFTPOST", manifest_id) == []
    assert not any(
        record.key == b"SWIFTPOST/LX123456785CN" and "forged" in str(record.value)
        for record in records
        if record.topic == "release"
    )
    if sender == "BLUEWAVE":
        (answer,) = answers(records, "acknowledgements.BLUEWAVE", manifest_id)
        assert answer.faults[0].rule_id == "carrier_mismatch"
        assert (answer.status, answer.rejected_parcels) == ("rejected", 0)


def test_no_login_no_topics(secured: SecuredBroker) -> None:
    """The test of the tests: the same client is refused without the login."""
    anonymous = Broker(address=secured.open)
    with pytest.raises(BrokerError, match="may want TLS, a login"):
        asyncio.run(publish([message("SWIFTPOST", "1")], broker=anonymous, topic_prefix=PREFIX))
