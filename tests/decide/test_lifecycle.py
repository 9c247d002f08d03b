"""Any life of a parcel, step by step, against a model of a few lines that knows only the table."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.decide.joined import filings_of
from pipeline.decide.moves import CaseEvent, Move, legal_move
from pipeline.decide.state import CaseState
from pipeline.model import Cause, DataSet, FilingState, InspectionVerdict, MovementKind, NoticeKind
from pipeline.rulebook.counterparts import counterparts_of
from tests.decide.desk import (
    LEGAL_DATE,
    Desk,
    assessed,
    cancellation,
    of_data_set,
    payment,
    result,
    selected,
)

MANIFESTS = st.sampled_from(["SP-0001", "SP-0002"])
VERSIONS = st.integers(1, 3)
ENDS = {
    NoticeKind.CANCELLED,
    NoticeKind.CLOSED_WITHOUT_DATA,
    NoticeKind.CLOSED_NOT_ARRIVED,
}
EVENT_OF_VERDICT = {
    InspectionVerdict.COMPLIANT: CaseEvent.FOUND_COMPLIANT,
    InspectionVerdict.DISCREPANCY: CaseEvent.FOUND_DISCREPANCY,
    InspectionVerdict.PROHIBITED: CaseEvent.FOUND_PROHIBITED,
}
ASKED_FOR = frozenset(counterparts_of("F43", LEGAL_DATE))
ARRIVED = (MovementKind.ARRIVED, MovementKind.PRESENTED)


class LifeOfAParcel(RuleBasedStateMachine):
    """One parcel id of one carrier; the model keeps its state, its manifest and where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(scanned_carriers=frozenset({"*"}))
        self.state = CaseState.NEW
        self.manifest, self.version = "", 0
        self.stages: list[MovementKind] = []
        self.examined = self.waited = self.paid_early = False
        self.announced = self.numbers = 0
        self.filed: set[DataSet] = set()
        self.awaits: set[DataSet] = set()
        self.overdue = False

    @property
    def arrived(self) -> bool:
        return self.examined or any(stage in self.stages for stage in ARRIVED)

    @rule(manifest=MANIFESTS, version=VERSIONS, inspect=st.booleans(), postal=st.booleans())
    def announce(self, manifest: str, version: int, inspect: bool, postal: bool) -> None:
        if manifest != self.manifest:
            event = CaseEvent.ANNOUNCED
        else:
            event = CaseEvent.AMENDED if version > self.version else CaseEvent.OUTDATED
        make: Any = selected if inspect else assessed
        now = self.desk.now
        times = {"received_at": now, "arrival_at": now + timedelta(days=1)}
        parcel = make(manifest_id=manifest, version=version, **times)
        self.desk.announce(of_data_set("F43" if postal else "", parcel))
        self.announced += 1
        if legal_move(self.state, event) is Move.DECIDE:
            held = CaseState.RELEASED if self.paid_early else CaseState.AWAITING_PAYMENT
            self.state = CaseState.UNDER_INSPECTION if inspect else held
            self.paid_early = False
            self.manifest, self.version = manifest, version
            self.awaits = set(ASKED_FOR) - self.filed if postal else set()
            self.overdue = self.overdue and bool(self.awaits)

    @rule(manifest=MANIFESTS, version=VERSIONS)
    def cancel(self, manifest: str, version: int) -> None:
        event = CaseEvent.CANCELLED_AFTER_ARRIVAL if self.arrived else CaseEvent.CANCELLED
        self.desk.cancel(cancellation(version, manifest_id=manifest))
        move = legal_move(self.state, event)
        names_it = manifest == self.manifest and version >= self.version
        if move is Move.FORESTALL or (move is Move.CANCEL and names_it):
            self.state, self.manifest, self.version = CaseState.CANCELLED, manifest, version
            self.paid_early = False
            self.forget_filings()
        elif move is Move.NO_EFFECT and names_it and version > self.version:
            self.state, self.version = CaseState.CANCELLED, version

    @rule(kind=st.sampled_from(MovementKind))
    def scan(self, kind: MovementKind) -> None:
        self.desk.scan(kind)
        order = list(MovementKind)
        if not self.stages or order.index(kind) > order.index(self.stages[-1]):
            event = CaseEvent.ARRIVED if kind in ARRIVED else CaseEvent.DEPARTED
            if legal_move(self.state, event) is Move.EXPECT:
                self.state = CaseState.EXPECTED
            self.stages.append(kind)

    @rule(data_set=st.sampled_from(DataSet))
    def file(self, data_set: DataSet) -> None:
        self.desk.file(data_set)
        move = legal_move(self.state, CaseEvent.FILED)
        if move is Move.EXPECT:
            self.state = CaseState.EXPECTED
        if move is not Move.NO_EFFECT:
            self.filed.add(data_set)
            self.awaits.discard(data_set)
            self.overdue = self.overdue and bool(self.awaits)

    def forget_filings(self) -> None:
        """What a case knew of filings ends with it."""
        self.filed, self.awaits, self.overdue = set(), set(), False

    @rule(verdict=st.sampled_from(InspectionVerdict))
    def inspect(self, verdict: InspectionVerdict) -> None:
        self.numbers += 1
        self.desk.inspect(result(verdict, result_id=f"R-{self.numbers}"))
        match legal_move(self.state, EVENT_OF_VERDICT[verdict]):
            case Move.CONFIRM | Move.REASSESS:
                left = self.desk.last.outcome.value == "revenue"
                self.state = CaseState.AWAITING_PAYMENT_INSPECTED if left else CaseState.RELEASED
                self.examined = True
            case Move.REFUSE_PARCEL:
                self.state = CaseState.REFUSED
                self.examined = True

    @rule()
    def pay(self) -> None:
        self.numbers += 1
        self.desk.pay(payment(payment_id=f"P-{self.numbers}"))
        match legal_move(self.state, CaseEvent.PAID):
            case Move.COLLECT:
                self.state = CaseState.RELEASED
            case Move.HOLD_PAYMENT:
                self.paid_early = True

    @precondition(lambda self: not self.waited)
    @rule()
    def wait_for_all_deadlines(self) -> None:
        """Once: after more time, cases themselves are forgotten."""
        self.waited = True
        self.desk.wait(50 * 24).wait(50 * 24)
        self.paid_early = False
        if self.awaits and legal_move(self.state, CaseEvent.FILING_DUE) is Move.DEMAND_FILING:
            self.overdue = True
        missed = self.state is CaseState.EXPECTED or not self.arrived
        if missed and legal_move(self.state, CaseEvent.CLOSING_DUE) is Move.CLOSE:
            self.state = CaseState.CLOSED
            self.forget_filings()

    @invariant()
    def the_case_is_where_the_table_leads(self) -> None:
        case = self.desk.case()
        assert (case.state if case else CaseState.NEW) is self.state
        if case:
            assert (case.manifest_id, case.version) == (self.manifest, self.version)

    @invariant()
    def the_case_knows_its_filings(self) -> None:
        """Which came in whatever order, whether one is awaited, and whether that is overdue."""
        case = self.desk.case()
        known = filings_of(case.filed, case.joined) if case else None
        assert set(known.joined if known else ()) == self.filed
        assert set(known.awaited if known else ()) == self.awaits
        state = known.state if known else FilingState.JOINED
        assert (state is FilingState.OVERDUE) == self.overdue
        assert (state is FilingState.JOINED) == (not self.awaits)

    @invariant()
    def every_announcement_ends_once(self) -> None:
        """With a first decision on that version, or with an answer that takes it back."""
        first = [e for e in self.desk.events() if e.cause in (Cause.ASSESSMENT, Cause.AMENDMENT)]
        assert self.announced == len(first) + len(self.desk.answers())
        named = [(e.manifest_id, e.parcel_version, e.event_number) for e in first]
        assert len(set(named)) == len(named)

    @invariant()
    def the_events_are_one_chain(self) -> None:
        """Decisions and the notices that end a case together, each naming the one before."""
        chain = [(e.event_number, e.event_id, e.supersedes) for e in self.desk.events()]
        chain += [
            (n.event_number, n.notice_id, n.supersedes)
            for n in self.desk.notices()
            if n.kind in ENDS
        ]
        chain.sort()
        assert [number for number, *_ in chain] == list(range(1, len(chain) + 1))
        assert all(later[2] == earlier[1] for earlier, later in pairwise(chain))

    @invariant()
    def nothing_is_our_fault(self) -> None:
        assert set(self.desk.codes()) <= {"unknown_parcel", "illegal_move"}


LifeOfAParcel.TestCase.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
TestLifeOfAParcel = LifeOfAParcel.TestCase
