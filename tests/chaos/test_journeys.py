"""What happens to parcels in the load: the same for the same seed, and waited for at the end."""

import asyncio
from collections import Counter

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from tests.chaos import reader
from tests.chaos.feedback import Feedback
from tests.chaos.journeys import JOURNEYS, QUIET, Journeys
from tests.chaos.load import Load, Message
from tests.chaos.reader import OpenTransactionError, read_all
from tests.chaos.stuck import Positions
from tests.stream.cluster import until

KEYS = [f"SWIFTPOST/{number}" for number in range(20_000)]
PARCELS = [{"parcel_id": key.partition("/")[2]} for key in KEYS]
MANIFEST = Message(
    b"SWIFTPOST/M",
    orjson.dumps({"carrier": "SWIFTPOST", "manifest_id": "M", "version": 1, "parcels": PARCELS}),
    len(PARCELS),
)


def journeys(load: Load, seed: int, feedback_share: float = 0.0) -> Journeys:
    return Journeys(load, Feedback(load, seed, feedback_share), seed, 0.08)


def decision(parcel_id: str, **changes: object) -> dict[str, object]:
    parcel = {"carrier": "SWIFTPOST", "parcel_id": parcel_id, "manifest_id": "M"}
    first = {"parcel_version": 1, "event_number": 1, "cause": "assessment", "outcome": "release"}
    return {**parcel, **first, **changes}


async def test_journeys_depend_on_seed_and_parcel_alone():
    load = Load("nowhere:9092", "")
    drawn = [journeys(load, 7)._journey(key) for key in KEYS]
    assert drawn == [journeys(load, 7)._journey(key) for key in KEYS]
    assert drawn != [journeys(load, 8)._journey(key) for key in KEYS]
    counts = Counter(drawn)
    assert counts.keys() == {*JOURNEYS, QUIET}
    assert 0.07 < 1 - counts[QUIET] / len(KEYS) < 0.09


async def test_a_parcel_whose_decision_is_answered_goes_on_once_it_is_released():
    """Else a payment could find its parcel cancelled."""
    load = Load("nowhere:9092", "")
    quiet, answered = journeys(load, 7), journeys(load, 7, feedback_share=1.0)
    parcel_id = next(k for k in KEYS if len(quiet._journey(k).after) == 3).partition("/")[2]
    for held in (quiet, answered):
        held.on_decision(None, decision(parcel_id, outcome="revenue"))
    assert (quiet.waiting, answered.waiting) == (3, 0)
    paid = decision(parcel_id, cause="payment", event_number=2)
    for released in (quiet, answered):
        released.on_decision(None, paid)
    assert (quiet.waiting, answered.waiting) == (3, 3)
    load.finished.set()
    answered.on_decision(None, paid)
    assert answered.waiting == 3


async def test_a_parcel_whose_decision_is_answered_is_not_cancelled_before_its_manifest():
    """The manifest may overtake the cancellation, and then a payment would find it cancelled."""
    load = Load("nowhere:9092", "")
    quiet, answered = journeys(load, 7), journeys(load, 7, feedback_share=1.0)
    for ahead in (quiet, answered):
        assert list(ahead.ahead_of([MANIFEST])) == [MANIFEST]
    sent = [
        sum("cancel" in post[2].decode() for post in ahead._queue._queue)
        for ahead in (quiet, answered)
    ]
    assert sent[0] > 0
    assert sent[1] == 0


async def test_messages_that_repeat_or_that_nobody_can_read_start_no_journey():
    load = Load("nowhere:9092", "")
    own = journeys(load, 7)
    messages = [MANIFEST._replace(repeats=True), MANIFEST._replace(value=b"\xff")]
    assert list(own.ahead_of(messages)) == messages
    assert not own.waiting
    assert list(own.ahead_of([MANIFEST])) == [MANIFEST]
    assert own.waiting


@pytest.mark.broker
async def test_what_happens_is_published_and_input_until_it_is_worked_on(
    broker: str, topic_prefix: str
):
    await create_topics(broker, declarations(), topic_prefix=topic_prefix)
    positions = Positions(broker, topic_prefix, f"{topic_prefix}greenlane")
    await until(positions.all_worked_on)  # of a new broker, not at once
    async with Load(broker, topic_prefix) as load:
        own = journeys(load, 7)
        expected = sum(len(own._journey(key).ahead) for key in KEYS)
        publishing = asyncio.create_task(own.publish())
        assert list(own.ahead_of([MANIFEST])) == [MANIFEST]
        assert own.waiting == expected

        async def sent() -> bool:
            return not (own.waiting or load.in_flight)

        await until(sent)
        publishing.cancel()
    found = [r async for r in read_all(broker, topic_prefix, ["cancellations", "movements"])]
    assert len(found) == len(load.acknowledged) == expected
    assert not await positions.all_worked_on()


async def test_of_a_broker_that_does_not_answer_nothing_is_taken_for_worked_on():
    assert not await Positions("127.0.0.1:9", "", "greenlane").all_worked_on()


@pytest.mark.broker
async def test_input_in_an_open_transaction_is_not_taken_for_worked_on(
    broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reader, "END_DEADLINE_S", 1.0)
    await create_topics(broker, declarations(), topic_prefix=topic_prefix)
    positions = Positions(broker, topic_prefix, f"{topic_prefix}greenlane")
    producer = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=topic_prefix)
    async with producer, producer.transaction():
        await producer.send_and_wait(f"{topic_prefix}reversals", b"", partition=3)
        with pytest.raises(OpenTransactionError, match="reversals-3"):
            await positions.all_worked_on()
