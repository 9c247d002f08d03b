"""The tally: what it counts, and that it sees what goes wrong."""

from collections.abc import Iterable
from decimal import Decimal
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.app import build_rooms
from pipeline.model import GoodsType, Manifest, Payment, manifest_key
from pipeline.ops.ledger import LEDGER_TOPICS, Ledger, Tally
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from pipeline.stream.records import Record
from tests.builders import goods_item, manifest, parcel

PARCELS_MAX = 5
FIRST_MS = 1_783_400_000_000
ROOMS = build_rooms(Settings(manifest_parcels_max=PARCELS_MAX))


def run(
    messages: Iterable[tuple[str, bytes | None, bytes, list[tuple[str, bytes]]]],
) -> MemoryStream:
    """The whole pipeline on messages (topic, key, value, headers)."""
    stream = MemoryStream(ROOMS)
    for number, (topic, key, value, headers) in enumerate(messages):
        timestamp_ms = FIRST_MS + number
        stream.publish(topic, key=key, value=value, headers=headers, timestamp_ms=timestamp_ms)
        stream.run_until_idle()
    return stream


def records(stream: MemoryStream) -> list[Record]:
    """Everything the ledger reads."""
    return [record for topic in LEDGER_TOPICS for record in stream.read(topic)]


def count(fed: Iterable[Record]) -> Ledger:
    """The ledger of records in this order."""
    tally = Tally(manifest_parcels_max=PARCELS_MAX)
    for record in fed:
        tally.add(record.topic, record.key, record.value, record.headers)
    return tally.ledger()


def message(
    sent: Manifest, *, key: bytes | None = None, parcels: bytes | None = None
) -> tuple[str, bytes | None, bytes, list[tuple[str, bytes]]]:
    """A manifest as a carrier sends it."""
    own_key = manifest_key(sent.carrier, sent.manifest_id).encode()
    headers = [] if parcels is None else [("parcels", parcels)]
    return "manifests", key or own_key, msgspec.json.encode(sent), headers


def paid(parcel_id: str) -> tuple[str, bytes | None, bytes, list[tuple[str, bytes]]]:
    """More than any parcel here owes, with a header that only manifests may carry."""
    sent = Payment(
        payment_id=f"P-{parcel_id}",
        carrier="SWIFTPOST",
        parcel_id=parcel_id,
        amount=Decimal(500),
        currency="EUR",
        paid_at=manifest().issued_at,
    )
    key = f"SWIFTPOST/{parcel_id}".encode()
    return "payments", key, msgspec.json.encode(sent), [("parcels", b"3")]


THREE = manifest(
    parcels=[
        parcel(parcel_id="DUTIABLE"),
        parcel(parcel_id="PAPERS", goods_type=GoodsType.DOCUMENTS),
        parcel(parcel_id="ARMS", items=[goods_item(commodity_code="930630")]),
    ]
)
FAULTY = manifest(manifest_id="SP-0002", parcels=[parcel(parcel_id="RR473124828GB")])
OTHER_CONTENT = manifest(parcels=[parcel(parcel_id="CHANGED")])
AMENDED = manifest(version=2, parcels=[parcel(parcel_id="DUTIABLE", gross_mass_kg=Decimal(1))])
SAME_PARCEL = manifest(manifest_id="SP-0003", parcels=[parcel(parcel_id="PAPERS")])
TOO_MANY = manifest(manifest_id="SP-0004", parcels=[parcel(parcel_id=f"N{n}") for n in range(6)])
MESSAGES = [
    message(THREE),
    message(FAULTY),
    message(OTHER_CONTENT),
    message(AMENDED),
    message(SAME_PARCEL),
    message(TOO_MANY, parcels=b"6"),
    message(THREE, key=b"SWIFTPOST/WRONG", parcels=b"3"),
    ("manifests", b"SWIFTPOST/X", b'{"schema_version": 1', [("parcels", b"4")]),
    ("manifests", b"SWIFTPOST/X", b"", [("parcels", b"many"), ("parcels", b"2")]),
    ("manifests", None, b"\xff", [("parcels", b"0")]),
    paid("DUTIABLE"),
    paid("NOBODY"),
]
EVERYTHING = records(run([*MESSAGES, message(THREE)]))


def test_every_way_a_parcel_can_end_is_in_the_sum() -> None:
    """Three decided at first, one amended, one fault, refusals, and what nobody could read."""
    ledger = count(records(run(MESSAGES)))
    assert ledger.closed
    assert ledger == Ledger(
        announced=18,
        release=1,
        inspection=1,
        revenue=2,  # first announced and amended: two versions of one parcel
        rejected=3,  # check digit, other content, duplicate parcel
        dead_lettered=11,  # 1 too many, 3 wrong key, 4, 2, 1
        later_events=1,
        repeated_messages=0,
        decided_twice=0,
        unreadable=0,
    )


@settings(max_examples=60)
@given(order=st.lists(st.sampled_from(range(len(MESSAGES))), max_size=25))
def test_any_messages_in_any_order_and_number_close_the_ledger(order: list[int]) -> None:
    """Repeats of accepted, refused and unreadable messages included."""
    ledger = count(records(run(MESSAGES[index] for index in order)))
    assert (ledger.difference, ledger.decided_twice, ledger.unreadable) == (0, 0, 0)


@given(seed=st.integers(0, 2**32))
def test_topics_may_be_read_in_any_order(seed: int) -> None:
    """A reader sees them interleaved as the broker answers."""
    everything = list(EVERYTHING)
    Random(seed).shuffle(everything)
    assert count(everything) == count(EVERYTHING)


@pytest.mark.parametrize("topic", ["acknowledgements", "release", "revenue", "dead-letters"])
def test_a_lost_record_leaves_a_difference(topic: str) -> None:
    """Any of the ends of a parcel."""
    everything = records(run([message(FAULTY), *MESSAGES[5:9], message(THREE)]))
    lost = next(record for record in everything if record.topic == topic and record.value)
    ledger = count(record for record in everything if record is not lost)
    assert ledger.difference > 0
    assert not ledger.closed


def test_an_event_that_stands_twice_is_told() -> None:
    """It does not hide behind a closed sum."""
    everything = records(run([message(THREE)]))
    twice = next(record for record in everything if record.topic == "revenue")
    ledger = count([*everything, twice])
    assert (ledger.difference, ledger.decided_twice, ledger.closed) == (0, 1, False)


def test_a_later_event_that_stands_twice_is_told() -> None:
    """A release after payment is no first decision, but may not stand twice either."""
    everything = records(run([message(THREE), paid("DUTIABLE")]))
    released = [record for record in everything if record.topic == "release"]
    assert count(everything).later_events == 1
    assert [count([*everything, again]).decided_twice for again in released] == [1, 1]


def test_a_version_decided_first_twice_is_told() -> None:
    """Another event number, yet called a first decision."""
    everything = records(run([message(THREE)]))
    original = next(record for record in everything if record.topic == "revenue")
    decision = msgspec.json.decode(original.value or b"")
    decision["event_id"] = "0" * 32
    second = original._replace(topic="release", value=msgspec.json.encode(decision))
    assert count([*everything, second]).decided_twice == 1


def test_a_repeat_counts_once() -> None:
    """Same bytes: the carrier is answered again, nothing is announced again."""
    ledger = count(records(run([message(THREE), message(THREE)])))
    assert (ledger.announced, ledger.repeated_messages, ledger.closed) == (3, 1, True)


def test_calling_new_content_a_repeat_loses_parcels() -> None:
    """An acknowledgement alone does not take announced parcels back."""
    stream = run([message(THREE)])
    (answer,) = stream.read("acknowledgements")
    duplicate = msgspec.json.decode(answer.value or b"") | {"duplicate": True}
    wrongly = answer._replace(value=msgspec.json.encode(duplicate))
    assert count([*records(stream), wrongly]).announced == 3


def test_what_is_no_event_on_an_outcome_topic_is_told() -> None:
    """Somebody else wrote there."""
    stranger = Record("release", 0, 0, FIRST_MS, b"k", b"hello")
    assert count([stranger]).unreadable == 1


@pytest.mark.parametrize(
    ("source_topic", "value", "own_headers", "parcels"),
    [
        (b"manifests", message(THREE)[2], [], 3),
        (b"manifests", b"{", [], 2),  # the carrier's header stands
        (b"parcels", msgspec.msgpack.encode([1, 2, 3, 4]), [], 4),
        (b"assessments", b"\xc1", [], 1),
        (b"payments", b"{}", [], 0),
        (b"payments", b"{}", [("parcels", b"0")], 0),
        (b"manifests", message(THREE)[2], [("parcels", b"1")], 1),
    ],
)
def test_parcels_of_a_dead_letter(
    source_topic: bytes, value: bytes, own_headers: list[tuple[str, bytes]], parcels: int
) -> None:
    """As the room says; where the stream core wrote it, as its content says."""
    headers = [
        ("parcels", b"2"),
        ("source_topic", source_topic),
        ("error_code", b"internal_error"),
        ("error_text", b"boom"),
        *own_headers,
    ]
    letter = Record("dead-letters", 0, 0, FIRST_MS, b"SWIFTPOST/SP-0001", value, headers)
    assert count([letter]).dead_lettered == parcels
