"""What a scan does to the case of its parcel; one that nobody announced is expected from then."""

import msgspec

from pipeline.decide.arrivals import DueHours, due_hours, keep_watch
from pipeline.decide.moments import HOUR_MS, instant
from pipeline.decide.moves import CaseEvent, Move, legal_move
from pipeline.decide.notify import About, Notices
from pipeline.decide.state import Case, CaseState, Memory, Stage, case_of, put_case
from pipeline.model import Movement, MovementKind, NoticeKind, case_key
from pipeline.rulebook.lifecycle import Deadlines
from pipeline.stream import Outbox, Record

STAGE_OF = {
    MovementKind.DEPARTED: Stage.DEPARTED,
    MovementKind.ARRIVED: Stage.ARRIVED,
    MovementKind.PRESENTED: Stage.PRESENTED,
}
APPLIED, REPEATED = "applied", "repeated"


def scan(
    movement: Movement,
    record: Record,
    memory: Memory,
    deadlines: Deadlines,
    notices: Notices,
    outbox: Outbox,
) -> str:
    """Apply a scan; tells whether it had an effect. One that says less than is known has none."""
    key = case_key(movement.carrier, movement.parcel_id)
    case = case_of(memory, key)
    before = case or Case(CaseState.NEW, 0, "", 0)
    stage = STAGE_OF[movement.kind]
    if stage <= before.moved:
        return REPEATED
    after = msgspec.structs.replace(before, moved=stage)
    about = About(
        movement.carrier,
        movement.parcel_id,
        instant(record.timestamp_ms),
        movement.movement_id,
    )
    event = CaseEvent.ARRIVED if stage >= Stage.ARRIVED else CaseEvent.DEPARTED
    expected = legal_move(before.state, event) is Move.EXPECT
    came = before.state is CaseState.EXPECTED and not before.arrived and after.arrived
    if expected or came:
        due = _due(record, deadlines)
        if due.reminder == before.due_h:  # the watch before this one has the same hour
            due = due._replace(reminder=due.reminder + 1)
        after = msgspec.structs.replace(after, state=CaseState.EXPECTED, due_h=due.reminder)
        keep_watch({due: [key]}, record, memory)
        _demand(about, before, after, notices, outbox)
    put_case(memory, key, after, record.timestamp_ms)
    return APPLIED


def _demand(about: About, before: Case, after: Case, notices: Notices, outbox: Outbox) -> None:
    kind = NoticeKind.HELD_WITHOUT_DATA if after.arrived else NoticeKind.DATA_DEMANDED
    cancelled = before.state is CaseState.CANCELLED
    about = about._replace(detail="its carrier had cancelled it" if cancelled else "")
    notices.tell(kind, about, after, outbox, due_at=instant(after.due_h * HOUR_MS))


def _due(record: Record, deadlines: Deadlines) -> DueHours:
    now_ms, day = record.timestamp_ms, instant(record.timestamp_ms).date()
    return due_hours(
        now_ms + deadlines.of("data_demanded", day).hours * HOUR_MS,
        now_ms + deadlines.of("closed_without_data", day).hours * HOUR_MS,
    )
