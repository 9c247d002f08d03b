"""The decide room: the case of each parcel, and the only writer of outcomes."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pipeline.decide.announced import decide_envelope
from pipeline.decide.feedback import KIND_OF, feed_back
from pipeline.decide.publish import instant, publish
from pipeline.decide.purse import Purse
from pipeline.decide.queue import put_aside, take_answer
from pipeline.decide.state import CASE_KEPT_MS, Case, Memory, case_of
from pipeline.errors import ErrorCode
from pipeline.incoming import Refusal, read_message, refusal
from pipeline.model import FeedbackNoted, InspectionResult, Payment, case_key
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.rulebook.shelf import Shelf
from pipeline.rulebook.vendors import NO_REGISTER, VendorRegister, vendor_register
from pipeline.settings import Settings
from pipeline.stream import Outbox, Record
from pipeline.stream.room import Encloser

NO_PARCEL = (("parcels", b"0"),)

_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    "inspections": msgspec.json.Decoder(InspectionResult),
    "payments": msgspec.json.Decoder(Payment),
}
log = logging.getLogger(__name__)


class DecideRoom:
    """Third room. Key of its work: carrier and parcel."""

    name = "decide"
    inputs: tuple[str, ...] = ("assessments", "inspections", "payments", "account-slices")
    state_type = Case | bytes
    enclosers: Mapping[str, Encloser] = {}

    def __init__(
        self,
        law: Shelf,
        *,
        on_account_carriers: frozenset[str],
        vendors: VendorRegister = NO_REGISTER,
        carriers_apart: Iterable[str] = (),
    ) -> None:
        self._law = law
        self._vendors = vendors
        self._topics = CarrierTopics(carriers_apart)
        self.outputs: tuple[str, ...] = (
            "release",
            "inspection",
            "revenue",
            *self._topics.acknowledgements,
            "account-requests",
            "account-slices",
            "dead-letters",
        )
        self._on_account_carriers = on_account_carriers

    def work(self, record: Record, state: Memory, outbox: Outbox) -> None:
        """Work on an envelope of assessed parcels, an inspection result, a payment or a slice."""
        if record.topic == "account-slices":
            take_answer(record, state, outbox, lambda waited: self._serve(waited, state, outbox))
        else:
            self._work_on(record, state, outbox, served=False)

    def _serve(self, record: Record, state: Memory, outbox: Outbox) -> None:
        """Work on a message that has waited; one that fails must not hold back those behind it."""
        mark = outbox.mark()
        try:
            self._work_on(record, state, outbox, served=True)
        except Exception as error:
            log.exception("could not work on a message that had waited")
            outbox.roll_back(mark)
            what = refusal(ErrorCode.INTERNAL_ERROR, f"{type(error).__name__}: {error}").text
            outbox.dead_letter(record, ErrorCode.INTERNAL_ERROR, what, headers=NO_PARCEL)

    def _work_on(self, record: Record, state: Memory, outbox: Outbox, *, served: bool) -> None:
        if record.topic == "assessments":
            decide_envelope(record, state, self._topics, outbox, served=served)
            return
        decoder = _DECODERS[record.topic]
        feedback = read_message(record, decoder, _key_of)
        if not isinstance(feedback, Refusal):
            feedback = self._feed_back(feedback, record, state, outbox, served=served)
        if feedback:
            outbox.dead_letter(record, feedback.code, feedback.text, headers=NO_PARCEL)

    def _feed_back(
        self,
        feedback: InspectionResult | Payment,
        record: Record,
        state: Memory,
        outbox: Outbox,
        *,
        served: bool,
    ) -> Refusal | None:
        """Apply a message to its case; a refusal leaves the case as it is."""
        key = _key_of(feedback)
        purse = Purse(feedback.carrier, state, served=served)
        step = feed_back(
            case_of(state, key),
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
                state=state,
                outbox=outbox,
            )
            return None
        kind = KIND_OF[type(feedback)]
        if step is None:
            outbox.note(FeedbackNoted(kind, "repeated"))
            return None
        publish(step.decision, record, record.timestamp_ms, outbox)
        outbox.note(FeedbackNoted(kind, "applied"))
        state.put(key, step.case, expires_at_ms=record.timestamp_ms + CASE_KEPT_MS)
        purse.close(record.partition, outbox)
        return None


def _key_of(feedback: InspectionResult | Payment) -> str:
    return case_key(feedback.carrier, feedback.parcel_id)


def build_decide_room(settings: Settings, law: Shelf) -> DecideRoom:
    """The room of an installation; `law` is that by which found goods are assessed."""
    return DecideRoom(
        law,
        on_account_carriers=settings.carriers_on_account(),
        vendors=vendor_register(settings.vendor_register_file),
        carriers_apart=settings.carriers_apart(),
    )
