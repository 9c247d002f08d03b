"""The records that subscribers read."""

from datetime import UTC, datetime

import msgspec

from pipeline.decide.moments import instant
from pipeline.decide.state import CASE_KEPT_MS
from pipeline.model import Cause, Decision, DecisionNoted, IrgCategory, Outcome
from tests.decide.desk import FIRST_MS, KEY, NOTHING_DUE, RECEIVED_AT, Desk, assessed, payment


def test_a_decision_is_a_cloud_event_in_binary_mode() -> None:
    """Headers as the Kafka protocol binding of CloudEvents 1.0 names them."""
    (record,) = Desk().announce(assessed()).records()
    decision = msgspec.json.decode(record.value or b"", type=Decision)
    assert (record.topic, record.partition) == ("revenue", 0)  # as its assessment was
    assert record.key == KEY.encode()
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": decision.event_id.encode(),
        "ce_type": b"org.greenlane.parcel.revenue.v1",
        "ce_source": b"/greenlane/decide",
        "ce_time": decision.occurred_at.isoformat().encode(),
        "content-type": b"application/json",
    }


def test_times_are_those_of_the_records() -> None:
    """Received: the manifest's broker timestamp. Occurred: that of the causing message."""
    decision = Desk().announce(assessed()).last
    assert decision.received_at == RECEIVED_AT
    assert decision.occurred_at == datetime.fromtimestamp((FIRST_MS + 1_000) / 1000, UTC)


def test_no_event_stands_before_its_manifest() -> None:
    """Even when the broker's clock was set back between the two."""
    day_before_ms = FIRST_MS - 86_400_000
    desk = Desk().send(
        "assessments", None, msgspec.msgpack.encode([assessed()]), timestamp_ms=day_before_ms
    )
    assert desk.last.occurred_at == RECEIVED_AT
    assert dict(desk.records()[0].headers)["ce_time"] == RECEIVED_AT.isoformat().encode()


def test_each_event_is_noted_for_the_metrics() -> None:
    """With the time from which the latency of the decision counts."""
    desk = Desk().announce(assessed(revenue=NOTHING_DUE))
    assert desk.stream.notes == [
        DecisionNoted(
            Outcome.RELEASE,
            Cause.ASSESSMENT,
            IrgCategory.LOW_VALUE_DUTIABLE,
            int(RECEIVED_AT.timestamp() * 1000),
        )
    ]


def test_the_same_input_gives_the_same_bytes() -> None:
    """A replay writes what was written."""
    first, second = (Desk().announce(assessed()).records() for _ in range(2))
    assert first == second


def test_a_case_is_forgotten_after_its_time_so_that_an_id_can_be_used_again() -> None:
    """UPU S10 allows that after 12 months."""
    desk = Desk().announce(assessed(), assessed(parcel_id="PAID"))
    desk.pay(payment(parcel_id="PAID"))
    a_year_later_ms = FIRST_MS + CASE_KEPT_MS + 2 * 3_600_000
    envelope = msgspec.msgpack.encode([assessed(parcel_id="OTHER")])
    desk.send("assessments", None, envelope, timestamp_ms=a_year_later_ms)
    assert desk.case() is None
    assert desk.case("SWIFTPOST/PAID") is None


def test_timestamps_no_calendar_holds() -> None:
    """Producers set any number."""
    assert instant(-1) == datetime(1970, 1, 1, tzinfo=UTC)
    assert instant(2**63 - 1).year == 9999
