"""The decide room: the case of each parcel, and the only writer of outcomes."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pipeline.decide.announced import Announcements
from pipeline.decide.arrivals import Arrivals
from pipeline.decide.cancelled import cancel
from pipeline.decide.early import EARLY, give_up, keep_early
from pipeline.decide.feedback import KIND_OF, feed_back
from pipeline.decide.filed import FilingDesk
from pipeline.decide.moments import instant
from pipeline.decide.notify import About, Notices
from pipeline.decide.overdue import Overdue
from pipeline.decide.paid import Unasked
from pipeline.decide.publish import publish
from pipeline.decide.purse import Purse
from pipeline.decide.queue import put_aside, take_answer
from pipeline.decide.reverse import REVERSALS, encode_reversals
from pipeline.decide.scanned import scan
from pipeline.decide.state import Case, CaseState, Entry, Memory, Watch, case_of, put_case
from pipeline.errors import ErrorCode
from pipeline.incoming import Refusal, read_message, refusal
from pipeline.model import (
    Cancellation,
    FeedbackNoted,
    InspectionResult,
    Movement,
    Payment,
    case_key,
)
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.rulebook.lifecycle import load_deadlines
from pipeline.rulebook.shelf import Shelf
from pipeline.rulebook.vendors import NO_REGISTER, VendorRegister, vendor_register
from pipeline.settings import Settings
from pipeline.stream import Outbox, Record
from pipeline.stream.room import Encloser

NO_PARCEL = (("parcels", b"0"),)

_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    "inspections": msgspec.json.Decoder(InspectionResult),
    "payments": msgspec.json.Decoder(Payment),
    "movements": msgspec.json.Decoder(Movement),
}
_cancellation_decoder = msgspec.json.Decoder(Cancellation)
log = logging.getLogger(__name__)


class DecideRoom:
    """Third room. Key of its work: carrier and parcel."""

    name = "decide"
    state_type = Entry
    enclosers: Mapping[str, Encloser] = {REVERSALS: encode_reversals}

    def __init__(
        self,
        law: Shelf,
        *,
        on_account_carriers: frozenset[str],
        vendors: VendorRegister = NO_REGISTER,
        carriers_apart: Iterable[str] = (),
        scanned_carriers: frozenset[str] = frozenset(),
    ) -> None:
        self._law = law
        self._vendors = vendors
        self._topics = CarrierTopics(carriers_apart)
        self._deadlines = load_deadlines()
        self._notices = Notices(self._topics)
        self._overdue = Overdue(self._deadlines, self._notices)
        arrivals = Arrivals(scanned_carriers, self._deadlines)
        self._filings = FilingDesk(self._deadlines, arrivals, self._notices)
        self._announcements = Announcements(self._topics, arrivals, self._notices)
        self.inputs: tuple[str, ...] = (
            *("assessments", "filings", "inspections", "payments", "movements"),
            *self._topics.cancellations,
            "account-slices",
        )
        self.outputs: tuple[str, ...] = (
            "release",
            "inspection",
            "revenue",
            *self._topics.notices,
            *self._topics.acknowledgements,
            "account-requests",
            "account-slices",
            "dead-letters",
        )
        self._on_account_carriers = on_account_carriers

    def work(self, record: Record, memory: Memory, outbox: Outbox) -> None:
        """Work on an envelope, one message about a case, or a slice of an account."""
        if record.topic == "account-slices":
            take_answer(record, memory, outbox, lambda waited: self._serve(waited, memory, outbox))
        else:
            self._work_on(record, memory, outbox, served=False)

    def _serve(self, record: Record, memory: Memory, outbox: Outbox) -> None:
        """Work on a message that has waited; one that fails must not hold back those behind it."""
        mark = outbox.mark()
        try:
            self._work_on(record, memory, outbox, served=True)
        except Exception as error:
            log.exception("could not work on a message that had waited")
            outbox.roll_back(mark)
            what = refusal(ErrorCode.INTERNAL_ERROR, f"{type(error).__name__}: {error}").text
            outbox.dead_letter(record, ErrorCode.INTERNAL_ERROR, what, headers=NO_PARCEL)

    def _work_on(self, record: Record, memory: Memory, outbox: Outbox, *, served: bool) -> None:
        if record.topic == "assessments":
            self._announcements.decide(record, memory, outbox, served=served)
            return
        if record.topic == "filings":
            self._filings.join(record, memory, outbox)
            return
        decoder = _DECODERS.get(record.topic, _cancellation_decoder)
        message = read_message(record, decoder, _key_of)
        if isinstance(message, Movement):
            effect = scan(message, record, memory, self._deadlines, self._notices, outbox)
            outbox.note(FeedbackNoted("movement", effect))
            return
        if isinstance(message, Cancellation):
            message = self._cancel(message, record, memory, outbox)
        elif not isinstance(message, Refusal):
            message = self._feed_back(message, record, memory, outbox, served=served)
        if message:
            outbox.dead_letter(record, message.code, message.text, headers=NO_PARCEL)

    def lapse(self, key: str, value: Entry, memory: Memory, outbox: Outbox) -> None:
        """Work on what has missed its deadline; a case that expires is just forgotten."""
        if isinstance(value, Watch):
            self._overdue.fall_due(key, value, memory, outbox)
        elif isinstance(value, bytes) and key.startswith(EARLY):
            give_up(value, memory, self._notices, outbox)

    def _cancel(
        self, cancellation: Cancellation, record: Record, memory: Memory, outbox: Outbox
    ) -> Refusal | None:
        if not self._topics.is_sender(cancellation.carrier, record.topic):
            names = f"it names {cancellation.carrier!r}"
            return refusal(ErrorCode.CARRIER_MISMATCH, names)
        effect = cancel(cancellation, record, memory, self._notices, outbox)
        outbox.note(FeedbackNoted("cancellation", effect))
        return None

    def _feed_back(
        self,
        feedback: InspectionResult | Payment,
        record: Record,
        memory: Memory,
        outbox: Outbox,
        *,
        served: bool,
    ) -> Refusal | None:
        """Apply a message to its case; a refusal leaves the case as it is."""
        key = _key_of(feedback)
        purse = Purse(feedback.carrier, memory, served=served)
        step = feed_back(
            case_of(memory, key) or Case(CaseState.NEW, 0, "", 0),
            feedback,
            instant(record.timestamp_ms),
            book=self._law.at(record.timestamp_ms),
            on_account=feedback.carrier in self._on_account_carriers,
            vendors=self._vendors,
            purse=purse,
        )
        if isinstance(step, Refusal):
            return step
        if purse.waits_for:
            put_aside(
                record,
                record.value or b"",
                carrier=feedback.carrier,
                waits_for=purse.waits_for,
                served=served,
                state=memory,
                outbox=outbox,
            )
            return None
        kind = KIND_OF[type(feedback)]
        if step is None:
            outbox.note(FeedbackNoted(kind, "repeated"))
            return None
        about = About(feedback.carrier, feedback.parcel_id, instant(record.timestamp_ms))
        if isinstance(step, Unasked):
            self._take_unasked(step, about, record, memory, outbox)
            return None
        publish(step.decision, record, record.timestamp_ms, outbox)
        about = about._replace(causing_id=step.decision.causing_id)
        for refund in step.refunds:
            self._notices.tell_refund(refund, about, step.case, outbox)
        outbox.note(FeedbackNoted(kind, "applied"))
        put_case(memory, key, step.case, record.timestamp_ms)
        purse.close(record.partition, outbox)
        return None

    def _take_unasked(
        self, unasked: Unasked, about: About, record: Record, memory: Memory, outbox: Outbox
    ) -> None:
        """Let a payment wait for its request, or tell that it is due for refund."""
        payment, refund = unasked.payment, unasked.refund
        if refund:
            self._notices.tell_refund(refund, about, unasked.case, outbox)
        else:
            keep_early(payment, record.timestamp_ms, self._deadlines, memory)
        outbox.note(FeedbackNoted("payment", "refunded" if refund else "waiting"))
        put_case(memory, _key_of(payment), unasked.case, record.timestamp_ms)


def _key_of(message: InspectionResult | Payment | Movement | Cancellation) -> str:
    return case_key(message.carrier, message.parcel_id)


def build_decide_room(settings: Settings, law: Shelf) -> DecideRoom:
    """The room of an installation; `law` is that by which found goods are assessed."""
    return DecideRoom(
        law,
        on_account_carriers=settings.carriers_on_account(),
        vendors=vendor_register(settings.vendor_register_file),
        carriers_apart=settings.carriers_apart(),
        scanned_carriers=settings.carriers_scanned(),
    )
