"""The decide room: the case of each parcel, and the only writer of outcomes."""

from collections.abc import Iterable, Mapping

import msgspec

from pipeline.decide.announced import Announcements
from pipeline.decide.arrivals import Arrivals
from pipeline.decide.cancelled import cancel
from pipeline.decide.feedback import KIND_OF, feed_back
from pipeline.decide.filed import join_filings
from pipeline.decide.notify import Notices
from pipeline.decide.overdue import Overdue
from pipeline.decide.publish import instant, publish
from pipeline.decide.read import Refusal, read_feedback, refusal
from pipeline.decide.reverse import REVERSALS, encode_reversals
from pipeline.decide.scanned import scan
from pipeline.decide.state import Entry, Memory, Watch, case_of, put_case
from pipeline.errors import ErrorCode
from pipeline.model import (
    Cancellation,
    FeedbackNoted,
    InspectionResult,
    Movement,
    Payment,
    case_key,
)
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.rulebook.book import RuleBook
from pipeline.rulebook.deadlines import load_deadlines
from pipeline.settings import Settings
from pipeline.stream import Outbox, Record
from pipeline.stream.room import Encloser

NO_PARCEL = (("parcels", b"0"),)

_result_decoder = msgspec.json.Decoder(InspectionResult)
_payment_decoder = msgspec.json.Decoder(Payment)
_movement_decoder = msgspec.json.Decoder(Movement)
_cancellation_decoder = msgspec.json.Decoder(Cancellation)


class DecideRoom:
    """Third room. Key of its work: carrier and parcel."""

    name = "decide"
    state_type = Entry
    enclosers: Mapping[str, Encloser] = {REVERSALS: encode_reversals}

    def __init__(
        self,
        book: RuleBook,
        *,
        on_account_carriers: frozenset[str],
        carriers_apart: Iterable[str] = (),
        scanned_carriers: frozenset[str] = frozenset(),
    ) -> None:
        self._book = book
        self._topics = CarrierTopics(carriers_apart)
        self._deadlines = load_deadlines()
        self._notices = Notices(self._topics)
        self._overdue = Overdue(self._deadlines, self._notices)
        arrivals = Arrivals(scanned_carriers, self._deadlines)
        self._announcements = Announcements(self._topics, arrivals)
        self.inputs: tuple[str, ...] = (
            *("assessments", "filings", "inspections", "payments", "movements"),
            *self._topics.cancellations,
        )
        self.outputs: tuple[str, ...] = (
            "release",
            "inspection",
            "revenue",
            *self._topics.notices,
            *self._topics.acknowledgements,
            "dead-letters",
        )
        self._on_account_carriers = on_account_carriers

    def work(self, record: Record, memory: Memory, outbox: Outbox) -> None:
        """Work on one envelope of assessed parcels, or one message about a case."""
        if record.topic == "assessments":
            self._announcements.decide(record, memory, outbox)
            return
        if record.topic == "filings":
            join_filings(record, memory, self._deadlines, self._notices, outbox)
            return
        if record.topic == "inspections":
            result = read_feedback(record, _result_decoder)
            refused = self._feed_back(result, record, memory, outbox)
        elif record.topic == "payments":
            payment = read_feedback(record, _payment_decoder)
            refused = self._feed_back(payment, record, memory, outbox)
        elif record.topic == "movements":
            refused = self._scan(read_feedback(record, _movement_decoder), record, memory, outbox)
        else:
            cancellation = read_feedback(record, _cancellation_decoder)
            refused = self._cancel(cancellation, record, memory, outbox)
        if refused:
            outbox.dead_letter(record, refused.code, refused.text, headers=NO_PARCEL)

    def lapse(self, key: str, value: Entry, memory: Memory, outbox: Outbox) -> None:
        """Work on the cases whose deadline has come; a case that expires is just forgotten."""
        if isinstance(value, Watch):
            self._overdue.fall_due(key, value, memory, outbox)

    def _scan(
        self, movement: Movement | Refusal, record: Record, memory: Memory, outbox: Outbox
    ) -> Refusal | None:
        if isinstance(movement, Refusal):
            return movement
        effect = scan(movement, record, memory, self._deadlines, self._notices, outbox)
        outbox.note(FeedbackNoted("movement", effect))
        return None

    def _cancel(
        self, cancellation: Cancellation | Refusal, record: Record, memory: Memory, outbox: Outbox
    ) -> Refusal | None:
        if isinstance(cancellation, Refusal):
            return cancellation
        if not self._topics.is_sender(cancellation.carrier, record.topic):
            names = f"it names {cancellation.carrier!r}"
            return refusal(ErrorCode.CARRIER_MISMATCH, names)
        effect = cancel(cancellation, record, memory, self._notices, outbox)
        outbox.note(FeedbackNoted("cancellation", effect))
        return None

    def _feed_back(
        self,
        feedback: InspectionResult | Payment | Refusal,
        record: Record,
        memory: Memory,
        outbox: Outbox,
    ) -> Refusal | None:
        """Apply a message to its case; a refusal leaves the case as it is."""
        if isinstance(feedback, Refusal):
            return feedback
        key = case_key(feedback.carrier, feedback.parcel_id)
        step = feed_back(
            case_of(memory, key),
            feedback,
            instant(record.timestamp_ms),
            book=self._book,
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
        put_case(memory, key, step.case, record.timestamp_ms)
        return None


def build_decide_room(settings: Settings, book: RuleBook) -> DecideRoom:
    """The room of an installation; `book` is the law by which found goods are assessed."""
    return DecideRoom(
        book,
        on_account_carriers=settings.carriers_on_account(),
        carriers_apart=settings.carriers_apart(),
        scanned_carriers=settings.carriers_scanned(),
    )
