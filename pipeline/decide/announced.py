"""Deciding the parcels of an envelope: what is wrong with one concerns only that one."""

import logging
from datetime import datetime
from decimal import Decimal

import msgspec

from pipeline.decide.decide import ZERO, rule_on
from pipeline.decide.moves import MOVES, CaseEvent, Move
from pipeline.decide.publish import Occasion, Step, instant, publish, take_step
from pipeline.decide.purse import Purse
from pipeline.decide.queue import put_aside
from pipeline.decide.refuse import late_rule, refuse_announcement
from pipeline.decide.state import CASE_KEPT_MS, Case, Memory, case_of, kept
from pipeline.errors import ErrorCode
from pipeline.incoming import refusal
from pipeline.model import Assessed, Assessment, Cause, case_key
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.stream import Outbox, Record

log = logging.getLogger(__name__)

ONE_PARCEL = (("parcels", b"1"),)

_decode_envelope = msgspec.msgpack.Decoder(list[Assessed]).decode
_decode_raw_envelope = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_assessed = msgspec.msgpack.Decoder(Assessed).decode
_encode_envelope = msgspec.msgpack.Encoder().encode


def decide_envelope(
    record: Record,
    state: Memory,
    topics: CarrierTopics,
    outbox: Outbox,
    *,
    served: bool = False,
) -> None:
    """Decide all parcels of an envelope, in order.

    `served`: it is one parcel that has waited for money of its operator's account.
    """
    occurred_at = instant(record.timestamp_ms)
    for assessed in _open_envelope(record, outbox):
        mark = outbox.mark()
        try:
            _decide(assessed, record, occurred_at, state, topics, outbox, served=served)
        except Exception as error:
            log.exception("could not decide a parcel; it goes to the dead letters")
            outbox.roll_back(mark)
            what = f"{type(error).__name__}: {error}"
            _set_aside(record, ErrorCode.INTERNAL_ERROR, what, assessed, outbox)


def first_step(assessed: Assessed, occurred_at: datetime, purse: Purse) -> Step:
    """The first decision on a parcel."""
    occasion = Occasion(Cause.ASSESSMENT, occurred_at)
    seen = _secured(assessed.assessment, ZERO, purse)
    return take_step(assessed, rule_on(seen), occasion, None, seen.revenue)


def amend(case: Case, assessed: Assessed, occurred_at: datetime, purse: Purse) -> Step:
    """Decide anew on changed data. What was paid counts on, unless the currency is another."""
    paid, refund = case.paid, ""
    before = kept(case)
    if paid and before is not None:
        currency = before.assessment.revenue.currency
        if currency != assessed.assessment.revenue.currency:
            paid, refund = ZERO, f" {paid:f} {currency} paid before are due for refund."
    seen = _secured(assessed.assessment, paid, purse)
    ruling = rule_on(seen, paid)
    return take_step(
        assessed,
        ruling._replace(reason=ruling.reason + refund),
        Occasion(Cause.AMENDMENT, occurred_at),
        msgspec.structs.replace(case, paid=paid),
        seen.revenue,
    )


def _secured(assessment: Assessment, paid: Decimal, purse: Purse) -> Assessment:
    """The assessment as the operator's account stands.

    What may change yet is reserved, not used. No case that holds money can be amended.
    """
    final = not assessment.selected_by and not assessment.revenue.estimated
    revenue = purse.secure(assessment.revenue, paid, final=final)
    if revenue is assessment.revenue:
        return assessment
    return msgspec.structs.replace(assessment, revenue=revenue)


def event_of(assessed: Assessed, case: Case) -> CaseEvent:
    """Whether an announcement amends the case: a newer version of the same manifest."""
    header = assessed.header
    if header.manifest_id == case.manifest_id and header.version > case.version:
        return CaseEvent.AMENDED
    return CaseEvent.ANNOUNCED


def _decide(
    assessed: Assessed,
    record: Record,
    occurred_at: datetime,
    state: Memory,
    topics: CarrierTopics,
    outbox: Outbox,
    *,
    served: bool,
) -> None:
    header = assessed.header
    key = case_key(header.carrier, assessed.parcel_id)
    case = case_of(state, key)
    purse = Purse(header.carrier, state, served=served)
    if case is None:
        step = first_step(assessed, occurred_at, purse)
    else:
        move = MOVES[case.state, event_of(assessed, case)]
        if move is not Move.DECIDE:
            refuse_announcement(assessed, case, late_rule(move, assessed, case), topics, outbox)
            return
        step = amend(case, assessed, occurred_at, purse)
    if purse.waits_for:
        put_aside(
            record,
            _encode_envelope([assessed]),
            carrier=header.carrier,
            waits_for=purse.waits_for,
            served=served,
            state=state,
            outbox=outbox,
        )
        return
    received_at_ms = round(header.received_at.timestamp() * 1000)
    publish(step.decision, record, received_at_ms, outbox)
    # Last, so that an error before it leaves the case as it was.
    state.put(key, step.case, expires_at_ms=record.timestamp_ms + CASE_KEPT_MS)
    purse.close(record.partition, outbox)


def _open_envelope(record: Record, outbox: Outbox) -> list[Assessed]:
    value = record.value or b""
    try:
        return _decode_envelope(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _open_apart(record, value, outbox)


def _open_apart(record: Record, value: bytes, outbox: Outbox) -> list[Assessed]:
    """The slow way, once something in the envelope is wrong: item by item."""
    try:
        items = _decode_raw_envelope(value)
    except (msgspec.DecodeError, RecursionError) as error:
        unreadable = refusal(ErrorCode.INVALID_MESSAGE, str(error))
        outbox.dead_letter(record, unreadable.code, unreadable.text, headers=ONE_PARCEL)
        return []
    decoded = []
    for item in items:
        try:
            decoded.append(_decode_assessed(item))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            _set_aside(record, ErrorCode.INVALID_MESSAGE, str(error), item, outbox)
    return decoded


def _set_aside(
    record: Record,
    code: ErrorCode,
    what: str,
    item: Assessed | msgspec.Raw,
    outbox: Outbox,
) -> None:
    """One parcel to the dead letters, as an envelope of its own that can be sent again."""
    outbox.dead_letter(
        record,
        code,
        refusal(code, what).text,
        value=_encode_envelope([item]),
        headers=ONE_PARCEL,
    )
