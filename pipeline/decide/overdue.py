"""What a deadline does to the cases that have missed it."""

import msgspec

from pipeline.decide.arrivals import WATCH, put_watch
from pipeline.decide.given_back import give_back
from pipeline.decide.moments import HOUR_MS, instant
from pipeline.decide.moves import CaseEvent, Move, legal_move
from pipeline.decide.notify import About, Notices
from pipeline.decide.reverse import reverse
from pipeline.decide.state import Case, CaseState, Memory, Watch, case_of, put_case
from pipeline.decide.unfiled import demand_filings
from pipeline.model import NoticeKind
from pipeline.rulebook.lifecycle import Deadlines
from pipeline.stream import Outbox
from pipeline.stream.murmur2 import partition_of


class Overdue:
    """Works on what has missed a deadline."""

    def __init__(self, deadlines: Deadlines, notices: Notices) -> None:
        self._deadlines = deadlines
        self._notices = notices

    def fall_due(self, key: str, watch: Watch, memory: Memory, outbox: Outbox) -> None:
        """Work on the cases of a watch. Those that had other deadlines since are passed over."""
        if watch.for_filings:
            demand_filings(watch, memory, self._notices, outbox)
            return
        waiting = []
        for case_key in watch.cases:
            case = case_of(memory, case_key)
            if case is None or case.due_h != watch.due_h:
                continue
            if case.arrived and case.state is not CaseState.EXPECTED:
                continue
            if watch.closing_h:
                if self._remind(case_key, case, watch, memory, outbox):
                    waiting.append(case_key)
            elif legal_move(case.state, CaseEvent.CLOSING_DUE) is Move.CLOSE:
                self._close(case_key, case, memory, outbox)
        if waiting:
            later = Watch(watch.closing_h, 0, waiting)
            put_watch(memory, f"{WATCH}{watch.closing_h}{key}", later)

    def _remind(self, key: str, case: Case, watch: Watch, memory: Memory, outbox: Outbox) -> bool:
        """Tell that a deadline was missed, and the last one; whether anything is waited for."""
        move = legal_move(case.state, CaseEvent.REMINDER_DUE)
        if move is Move.NO_EFFECT:
            return False
        demand, about = move is Move.DEMAND_DATA, _about(key, watch.due_h)
        last = self._deadlines.of(
            "closed_without_data" if demand else "closed_not_arrived", about.occurred_at.date()
        )
        self._notices.tell(
            NoticeKind.DATA_OVERDUE if demand else NoticeKind.ARRIVAL_OVERDUE,
            about,
            case,
            outbox,
            due_at=instant(watch.closing_h * HOUR_MS),
            legal_basis=last.basis,
        )
        after = msgspec.structs.replace(case, due_h=watch.closing_h)
        put_case(memory, key, after, memory.watermark_ms)
        return True

    def _close(self, key: str, case: Case, memory: Memory, outbox: Outbox) -> None:
        without_data = case.state is CaseState.EXPECTED
        kind = NoticeKind.CLOSED_WITHOUT_DATA if without_data else NoticeKind.CLOSED_NOT_ARRIVED
        after = Case(
            CaseState.CLOSED,
            case.version,
            case.manifest_id,
            case.event_number + 1,
            feedback=case.feedback,
            moved=case.moved,
        )
        about = _about(key, case.due_h)
        place = _partition_of(key, outbox)
        detail = give_back(case, about, place, memory, self._notices, outbox)
        about = about._replace(detail=detail)
        self._notices.tell_end(kind, about, case, after, outbox)
        reverse(case.consignee, key, case.manifest_id, case.version, outbox)
        put_case(memory, key, after, memory.watermark_ms)


def _partition_of(key: str, outbox: Outbox) -> int:
    """Where the case is: all topics of this room are partitioned alike."""
    return partition_of(key.encode(errors="replace"), outbox.partitions_of("assessments"))


def _about(key: str, due_h: int) -> About:
    carrier, _, parcel_id = key.partition("/")
    return About(carrier, parcel_id, instant(due_h * HOUR_MS))
