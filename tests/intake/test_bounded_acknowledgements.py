"""Whatever is wrong with a manifest, its answer stays small, and every fault is told or counted."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.intake.bounded import ACKNOWLEDGEMENT_BYTES_MAX, encode_bounded
from pipeline.model import (
    Acknowledgement,
    AcknowledgementStatus,
    Address,
    Fault,
    Parcel,
    Party,
    Severity,
)
from pipeline.model.score import Measurement
from tests.builders import goods_item, manifest, parcel
from tests.formats.examples import document
from tests.intake.intake import Intake
from tests.intake.test_formats import taken_in

EXPANDING = st.sampled_from(["\U000e0001", "\x1b", "\\", '"', "李", "x"])
"""Characters that become up to twelve bytes when they are shown safely in JSON."""
MESSAGE_BYTES = 600_000  # with the ids, less than a worker takes
FAULTS = st.builds(
    Fault,
    rule_id=st.just("DQ05"),
    severity=st.sampled_from(Severity),
    pointer=st.text(max_size=90),
    text=st.text(max_size=300),
    correction=st.just("name the party"),
    parcel_id=st.text(max_size=70),
    value=st.text(max_size=80),
)
_decode = msgspec.json.Decoder(Acknowledgement).decode
_decode_measurements = msgspec.msgpack.Decoder(list[Measurement]).decode


def acknowledgement(faults: list[Fault], omitted: int) -> Acknowledgement:
    return Acknowledgement(
        carrier="SWIFTPOST",
        manifest_id="SP-0001",
        version=1,
        part=1,
        parts=1,
        status=AcknowledgementStatus.REJECTED,
        received_at=manifest().issued_at,
        announced_parcels=9,
        accepted_parcels=0,
        rejected_parcels=9,
        faults=faults,
        faults_omitted=omitted,
    )


@given(
    st.lists(FAULTS, max_size=40),
    st.one_of(st.just(0), st.integers(90, 100_000)),
    st.integers(1_000, 12_000),
)
def test_an_acknowledgement_keeps_its_first_faults_that_fit_and_counts_the_rest(
    faults: list[Fault], omitted: int, bytes_max: int
) -> None:
    told = acknowledgement(faults, omitted)
    value = encode_bounded(told, bytes_max)
    answer = _decode(value)
    assert len(value) <= bytes_max
    assert answer.faults == faults[: len(answer.faults)]
    assert len(answer.faults) + answer.faults_omitted == len(faults) + omitted
    whole = len(msgspec.json.encode(told))
    assert answer == told if whole <= bytes_max else len(answer.faults) < len(faults)


def faulty(character: str, times: int) -> Parcel:
    """A parcel with as much wrong as fits into its fields."""
    long = character * times
    nobody = Party(long[:70], Address(long[:35], "ZZ", long[:70]), identification=long[:17])
    goods = goods_item(description=long, commodity_code="77", origin_country="ZZ")
    return parcel(consignor=nobody, consignee=nobody, currency="???", items=[goods, goods])


def all_faults(intake: Intake) -> int:
    """As the measurements count them, which are summed up parcel by parcel."""
    envelopes = [_decode_measurements(r.value or b"") for r in intake.stream.read("measurements")]
    (carrier,) = [one for items in envelopes for one in items if one.kind.value == "carrier"]
    return sum(carrier.counts.faults.values())


@settings(max_examples=10, deadline=None)
@given(EXPANDING, st.sampled_from([1, 30, 80]), st.integers(1, 600))
def test_no_manifest_draws_an_answer_above_the_bound(
    character: str, times: int, parcels: int
) -> None:
    """Though nothing else bounds the faults here; shown and counted are all there are."""
    intake = Intake(acknowledgement_faults_max=1_000_000)
    one = faulty(character, times)
    fit = MESSAGE_BYTES // len(msgspec.json.encode(one))
    many = [replace(one, parcel_id=f"{n}".rjust(70, "\x1b")) for n in range(min(parcels, fit))]
    intake.publish(manifest(parcels=many, conversation_id=character * 70))
    (record,) = intake.stream.read("acknowledgements")
    (answer,) = intake.acknowledgements
    assert len(record.value or b"") <= ACKNOWLEDGEMENT_BYTES_MAX
    assert answer.rejected_parcels == len(many)
    assert len(answer.faults) + answer.faults_omitted == all_faults(intake)


def test_what_a_fault_quotes_of_the_sender_is_shortened() -> None:
    """A field of a format that nobody knows may have a name of any length."""
    itmatt = document("itmatt")
    itmatt["items"][0]["x" * 500_000] = 1
    (answer,) = taken_in(itmatt).acknowledgements
    assert "unknown field xxx" in answer.faults[0].text
    assert len(answer.faults[0].text) < 500
