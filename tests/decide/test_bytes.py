"""Whatever bytes come in, each message ends as an event, an answer or a dead letter."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decide import announced
from pipeline.model import InspectionVerdict
from pipeline.model.nesting import NESTING_MAX
from tests.decide.desk import CARRIER, KEY, Desk, assessed, payment, result, selected

PAYMENT = msgspec.json.encode(payment())
RESULT = msgspec.json.encode(result(InspectionVerdict.COMPLIANT))


def nested(value: bytes, depth: int) -> bytes:
    """A message with an unknown field that makes it as deep as that."""
    return value[:-1] + b',"extra":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize("topic", ["payments", "inspections"])
@pytest.mark.parametrize(
    ("key", "change", "code"),
    [
        (KEY.encode(), lambda value: b"", "empty_message"),
        (None, lambda value: value, "key_missing"),
        (b"", lambda value: value, "key_missing"),
        (b"SWIFTPOST/OTHER", lambda value: value, "key_mismatch"),
        (KEY.encode(), lambda value: value[:-1], "invalid_json"),
        (KEY.encode(), lambda value: b"[" * 100_000, "invalid_json"),
        (KEY.encode(), lambda value: nested(value, NESTING_MAX), "invalid_message"),
        (KEY.encode(), lambda value: nested(value, NESTING_MAX + 1), "invalid_json"),
        (KEY.encode(), lambda value: b'{"x":' * 100_000, "invalid_json"),
        (KEY.encode(), lambda value: value.replace(b"SWIFT", b"SW\xff"), "invalid_utf8"),
        (KEY.encode(), lambda value: b"{}", "invalid_message"),
        (KEY.encode(), lambda value: value.replace(b"2026", b"May"), "invalid_message"),
        (KEY.encode(), lambda value: value[:-1] + b',"extra":1}', "invalid_message"),
        (KEY.encode(), lambda value: b'{"schema_version":2,"new":1}', "unknown_schema_version"),
    ],
)
def test_bad_feedback_is_kept_under_its_code(topic, key, change, code) -> None:  # type: ignore[no-untyped-def]
    """Original bytes, what is wrong, and no announced parcels."""
    value = change(PAYMENT if topic == "payments" else RESULT)
    desk = Desk().send(topic, key, value)
    (letter,) = desk.dead_letters()
    headers = dict(letter.headers)
    assert headers["error_code"].decode() == code
    assert headers["parcels"] == b"0"
    assert headers["error_text"]
    assert (letter.key, letter.value) == (key, value)


def test_a_result_for_a_parcel_nobody_knows_is_kept_under_its_code() -> None:
    """Unlike a payment, which may come before its parcel."""
    desk = Desk().send("inspections", KEY.encode(), RESULT)
    assert desk.codes() == ["unknown_parcel"]


def test_one_unreadable_parcel_spoils_only_itself() -> None:
    """It leaves as an envelope of its own, counted as one parcel."""
    items = [msgspec.msgpack.encode(assessed(parcel_id=name)) for name in ("A", "B")]
    spoilt = msgspec.msgpack.encode(["not", "a", "parcel"])
    envelope = msgspec.msgpack.encode([msgspec.Raw(part) for part in (items[0], spoilt, items[1])])
    desk = Desk().send("assessments", None, envelope)
    assert (len(desk.events("A")), len(desk.events("B"))) == (1, 1)
    (letter,) = desk.dead_letters()
    assert dict(letter.headers)["parcels"] == b"1"
    assert msgspec.msgpack.decode(letter.value or b"") == [["not", "a", "parcel"]]


def test_one_parcel_that_cannot_be_decided_spoils_only_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the fault is: nothing of it stays, its bytes can be sent again."""
    publish = announced.publish

    def fail_after_b(decision, *others):  # type: ignore[no-untyped-def]
        publish(decision, *others)
        if decision.parcel_id == "B":
            raise ZeroDivisionError

    monkeypatch.setattr(announced, "publish", fail_after_b)
    desk = Desk().announce(*(assessed(parcel_id=name) for name in ("A", "B", "C")))
    monkeypatch.undo()
    assert [len(desk.events(name)) for name in "ABC"] == [1, 0, 1]
    (letter,) = desk.dead_letters()
    headers = dict(letter.headers)
    assert (headers["error_code"], headers["parcels"]) == (b"internal_error", b"1")
    assert desk.case(f"{CARRIER}/B") is None
    desk.send("assessments", None, letter.value)
    assert len(desk.events("B")) == 1


@given(value=st.binary(max_size=200), topic=st.sampled_from(["assessments", "inspections"]))
def test_any_bytes(value: bytes, topic: str) -> None:
    """Random bytes are no message of ours, and never raise."""
    desk = Desk().send(topic, KEY.encode(), value)
    assert desk.events() == []
    assert "internal_error" not in desk.codes()


@settings(max_examples=300)
@given(data=st.data())
def test_mutated_messages_never_raise(data: st.DataObject) -> None:
    """Bytes replaced, removed or put in anywhere in a valid message."""
    topic, valid = data.draw(
        st.sampled_from(
            [
                ("payments", PAYMENT),
                ("inspections", RESULT),
                ("assessments", msgspec.msgpack.encode([selected()])),
            ]
        )
    )
    mutated = bytearray(valid)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(mutated)))
        end = data.draw(st.integers(start, min(start + 3, len(mutated))))
        mutated[start:end] = data.draw(st.binary(max_size=3))
    timestamp_ms = data.draw(st.integers(-(2**40), 2**40))
    desk = Desk().announce(selected())
    desk.send(topic, KEY.encode(), bytes(mutated), timestamp_ms=timestamp_ms)
    assert "internal_error" not in desk.codes()
