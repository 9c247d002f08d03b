"""Deciding the parcels of an envelope: what is wrong with one concerns only that one."""

import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from pipeline.decide.arrivals import Arrivals, DueHours, Watched, keep_watch
from pipeline.decide.decide import ZERO, rule_on
from pipeline.decide.early import EarlyPayment, early_of, forget_early, split_early
from pipeline.decide.moments import instant
from pipeline.decide.moves import CaseEvent, Move, legal_move
from pipeline.decide.notify import About, Notices
from pipeline.decide.publish import Occasion, RefundDue, Step, publish, take_step
from pipeline.decide.purse import Purse
from pipeline.decide.queue import put_aside
from pipeline.decide.refuse import late_rule, refuse_announcement
from pipeline.decide.reverse import reverse
from pipeline.decide.state import Case, CaseState, Memory, case_of, kept, put_case
from pipeline.errors import ErrorCode
from pipeline.incoming import refusal
from pipeline.model import Assessed, Assessment, Cause, RefundReason, case_key
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.rulebook.lifecycle import load_locked_fields
from pipeline.stream import Outbox, Record

log = logging.getLogger(__name__)

ONE_PARCEL = (("parcels", b"1"),)

_decode_envelope = msgspec.msgpack.Decoder(list[Assessed]).decode
_decode_raw_envelope = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_assessed = msgspec.msgpack.Decoder(Assessed).decode
_encode_envelope = msgspec.msgpack.Encoder().encode


def first_step(
    assessed: Assessed,
    occurred_at: datetime,
    purse: Purse,
    before: Case | None = None,
    early: Sequence[EarlyPayment] = (),
) -> Step:
    """The first decision on a parcel; `before` is a case of it that has none or was ended.

    Payments that came before it count, in the currency that is asked for.
    """
    paid = ZERO
    refunds: tuple[RefundDue, ...] = ()
    if early:
        paid, refunds = split_early(early, assessed.assessment.revenue.currency)
    seen = _secured(assessed.assessment, paid, purse)
    ruling = rule_on(seen, paid)
    if before is not None:
        before = msgspec.structs.replace(before, paid=paid)
        if before.moved:
            late = " Its data came after it was scanned."
            ruling = ruling._replace(reason=ruling.reason + late)
    occasion = Occasion(Cause.ASSESSMENT, occurred_at)
    step = take_step(assessed, ruling, occasion, before, seen.revenue)
    return step._replace(refunds=refunds + step.refunds) if refunds else step


def amend(case: Case, assessed: Assessed, occurred_at: datetime, purse: Purse) -> Step:
    """Decide anew on changed data. What was paid counts on, unless the currency is another."""
    paid, refund = case.paid, ""
    refunds: tuple[RefundDue, ...] = ()
    before = kept(case)
    if paid and before is not None:
        currency = before.assessment.revenue.currency
        if currency != assessed.assessment.revenue.currency:
            refunds = (RefundDue(paid, currency, RefundReason.OTHER_CURRENCY),)
            paid, refund = ZERO, f" {paid:f} {currency} paid before are due for refund."
    seen = _secured(assessed.assessment, paid, purse)
    ruling = rule_on(seen, paid)
    step = take_step(
        assessed,
        ruling._replace(reason=ruling.reason + refund),
        Occasion(Cause.AMENDMENT, occurred_at),
        msgspec.structs.replace(case, paid=paid),
        seen.revenue,
    )
    return step._replace(refunds=refunds + step.refunds)


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
    """What an announcement is to the case: an amendment is a newer version of its manifest."""
    header = assessed.header
    if header.manifest_id != case.manifest_id:
        return CaseEvent.ANNOUNCED
    return CaseEvent.AMENDED if header.version > case.version else CaseEvent.OUTDATED


class Announcements:
    """Decides the parcels of envelopes: what is wrong with one concerns only that one."""

    def __init__(self, topics: CarrierTopics, arrivals: Arrivals, notices: Notices) -> None:
        self._topics = topics
        self._notices = notices
        self._arrivals = arrivals
        self._locked = load_locked_fields()

    def decide(
        self, record: Record, memory: Memory, outbox: Outbox, *, served: bool = False
    ) -> None:
        """Decide all parcels of an envelope, in order.

        `served`: it is one parcel that has waited for money of its operator's account.
        """
        watched: Watched = {}
        occurred_at = instant(record.timestamp_ms)
        for assessed in _open_envelope(record, outbox):
            mark = outbox.mark()
            try:
                self._decide(assessed, record, occurred_at, memory, watched, outbox, served=served)
            except Exception as error:
                log.exception("could not decide a parcel; it goes to the dead letters")
                outbox.roll_back(mark)
                what = f"{type(error).__name__}: {error}"
                _set_aside(record, ErrorCode.INTERNAL_ERROR, what, assessed, outbox)
        keep_watch(watched, record, memory)

    def _decide(
        self,
        assessed: Assessed,
        record: Record,
        occurred_at: datetime,
        memory: Memory,
        watched: Watched,
        outbox: Outbox,
        *,
        served: bool,
    ) -> None:
        header = assessed.header
        key = case_key(header.carrier, assessed.parcel_id)
        case = case_of(memory, key)
        if case is not None and self._is_refused(assessed, case, outbox):
            return
        purse = Purse(header.carrier, memory, served=served)
        early = early_of(case, key, memory)
        if case is not None and case.state is CaseState.AWAITING_PAYMENT:
            step = amend(case, assessed, occurred_at, purse)
        else:
            step = first_step(assessed, occurred_at, purse, case, early)
        if purse.waits_for:
            put_aside(
                record,
                _encode_envelope([assessed]),
                carrier=header.carrier,
                waits_for=purse.waits_for,
                served=served,
                state=memory,
                outbox=outbox,
            )
            return
        if case is not None:
            reverse(case.consignee, key, case.manifest_id, case.version, outbox)
        received_at_ms = round(header.received_at.timestamp() * 1000)
        publish(step.decision, record, received_at_ms, outbox)
        for refund in step.refunds:
            about = About(header.carrier, assessed.parcel_id, occurred_at)
            self._notices.tell_refund(refund, about, step.case, outbox)
        # Last, so that an error before it leaves the case as it was.
        after = self._watched(step.case, assessed, watched)
        _watch_filings(key, case, after, watched)
        put_case(memory, key, after, record.timestamp_ms)
        forget_early(early, key, memory)
        purse.close(record.partition, outbox)

    def _is_refused(self, assessed: Assessed, case: Case, outbox: Outbox) -> bool:
        """Whether the case does not allow the announcement; then its carrier is told."""
        move = legal_move(case.state, event_of(assessed, case))
        locked = self._locked_change(assessed, case) if move is Move.DECIDE else ""
        if move is Move.DECIDE and not locked:
            return False
        rule = late_rule(move, assessed, case)
        refuse_announcement(assessed, case, rule, self._topics, outbox, locked)
        header = assessed.header
        counted = case.consignee, case.manifest_id, case.version
        if (assessed.consignee, header.manifest_id, header.version) != counted:
            key = case_key(header.carrier, assessed.parcel_id)
            reverse(assessed.consignee, key, header.manifest_id, header.version, outbox)
        return True

    def _watched(self, case: Case, assessed: Assessed, watched: Watched) -> Case:
        """The case with its deadline, if there is one."""
        header = assessed.header
        deadlines = self._arrivals.deadlines_of(header, case.joined)
        if deadlines and not case.arrived:
            key = case_key(header.carrier, assessed.parcel_id)
            watched.setdefault(deadlines, []).append(key)
            return msgspec.structs.replace(case, due_h=deadlines.reminder)
        return msgspec.structs.replace(case, due_h=0) if case.due_h else case

    def _locked_change(self, assessed: Assessed, case: Case) -> str:
        """What an amendment changes though it may not; empty if nothing."""
        before = kept(case)
        if before is None:
            return ""
        for field in self._locked:
            old, new = getattr(before.header, field), getattr(assessed.header, field)
            if old != new:
                return f"{field}: {new}, before {old}"
        return ""


def _watch_filings(key: str, before: Case | None, after: Case, watched: Watched) -> None:
    """Wait for the partial filings that the data ask for, unless that is done."""
    due_h = after.joined.due_h if after.joined else 0
    if due_h and not (before and before.joined and before.joined.due_h == due_h):
        watched.setdefault(DueHours(due_h, 0, for_filings=True), []).append(key)


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
