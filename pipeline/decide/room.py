"""The decide room: the case of each parcel, and the only writer of outcomes."""

from collections.abc import Iterable, Mapping

import msgspec

from pipeline.decide.announced import decide_envelope
from pipeline.decide.feedback import KIND_OF, feed_back
from pipeline.decide.publish import instant, publish
from pipeline.decide.read import Refusal, read_feedback
from pipeline.decide.state import CASE_KEPT_MS, Case
from pipeline.model import FeedbackNoted, InspectionResult, Payment, case_key
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.rulebook.shelf import Shelf
from pipeline.settings import Settings
from pipeline.stream import KeyedState, Outbox, Record
from pipeline.stream.room import Encloser

NO_PARCEL = (("parcels", b"0"),)

_result_decoder = msgspec.json.Decoder(InspectionResult)
_payment_decoder = msgspec.json.Decoder(Payment)


class DecideRoom:
    """Third room. Key of its work: carrier and parcel."""

    name = "decide"
    inputs: tuple[str, ...] = ("assessments", "inspections", "payments")
    state_type = Case
    enclosers: Mapping[str, Encloser] = {}

    def __init__(
        self,
        law: Shelf,
        *,
        on_account_carriers: frozenset[str],
        carriers_apart: Iterable[str] = (),
    ) -> None:
        self._law = law
        self._topics = CarrierTopics(carriers_apart)
        self.outputs: tuple[str, ...] = (
            "release",
            "inspection",
            "revenue",
            *self._topics.acknowledgements,
            "dead-letters",
        )
        self._on_account_carriers = on_account_carriers

    def work(self, record: Record, state: KeyedState[Case], outbox: Outbox) -> None:
        """Work on one envelope of assessed parcels, one inspection result or one payment."""
        if record.topic == "assessments":
            decide_envelope(record, state, self._topics, outbox)
            return
        if record.topic == "inspections":
            refused = self._feed_back(read_feedback(record, _result_decoder), record, state, outbox)
        else:
            refused = self._feed_back(
                read_feedback(record, _payment_decoder), record, state, outbox
            )
        if refused:
            outbox.dead_letter(record, refused.code, refused.text, headers=NO_PARCEL)

    def _feed_back(
        self,
        feedback: InspectionResult | Payment | Refusal,
        record: Record,
        state: KeyedState[Case],
        outbox: Outbox,
    ) -> Refusal | None:
        """Apply a message to its case; a refusal leaves the case as it is."""
        if isinstance(feedback, Refusal):
            return feedback
        key = case_key(feedback.carrier, feedback.parcel_id)
        step = feed_back(
            state.get(key),
            feedback,
            instant(record.timestamp_ms),
            book=self._law.at(record.timestamp_ms),
            on_account=feedback.carrier in self._on_account_carriers,
        )
        if isinstance(step, Refusal):
            return step
        kind = KIND_OF[type(feedback)]
        if step is None:
            outbox.note(FeedbackNoted(kind, "repeated"))
            return None
        publish(step.decision, record, record.timestamp_ms, outbox)
        outbox.note(FeedbackNoted(kind, "applied"))
        state.put(key, step.case, expires_at_ms=record.timestamp_ms + CASE_KEPT_MS)
        return None


def build_decide_room(settings: Settings, law: Shelf) -> DecideRoom:
    """The room of an installation; `law` is that by which found goods are assessed."""
    return DecideRoom(
        law,
        on_account_carriers=settings.carriers_on_account(),
        carriers_apart=settings.carriers_apart(),
    )
