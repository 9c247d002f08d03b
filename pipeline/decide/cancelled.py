"""What a carrier's cancellation does to the case of its parcel."""

import msgspec

from pipeline.decide.given_back import give_back
from pipeline.decide.moments import instant
from pipeline.decide.moves import CaseEvent, Move, legal_move, told
from pipeline.decide.notify import About, Notices
from pipeline.decide.reverse import reverse
from pipeline.decide.state import Case, CaseState, Memory, case_of, put_case
from pipeline.model import Cancellation, NoticeKind, case_key
from pipeline.stream import Outbox, Record

APPLIED, REPEATED, REFUSED = "applied", "repeated", "refused"


def cancel(
    cancellation: Cancellation,
    record: Record,
    memory: Memory,
    notices: Notices,
    outbox: Outbox,
) -> str:
    """Apply a cancellation; tells whether it had an effect. A refused one is told of.

    It may overtake the parcel it takes back: what it names is then refused when it comes.
    """
    key = case_key(cancellation.carrier, cancellation.parcel_id)
    about = About(
        cancellation.carrier,
        cancellation.parcel_id,
        instant(record.timestamp_ms),
        cancellation.cancellation_id,
    )
    before = case_of(memory, key)
    arrived = before is not None and before.arrived
    event = CaseEvent.CANCELLED_AFTER_ARRIVAL if arrived else CaseEvent.CANCELLED
    move = legal_move(before.state if before else CaseState.NEW, event)
    why = _why_not(move, cancellation, before)
    if why:
        refused = about._replace(detail=why)
        notices.tell(NoticeKind.CANCELLATION_REFUSED, refused, before, outbox)
        return REFUSED
    after = Case(CaseState.CANCELLED, cancellation.version, cancellation.manifest_id, 1)
    if move is Move.NO_EFFECT and not _is_newer(cancellation, before):
        return REPEATED
    detail = "it was not known yet, and will be refused"
    if before is not None:
        after = msgspec.structs.replace(
            after,
            event_number=before.event_number + 1,
            feedback=before.feedback,
            moved=before.moved,
        )
        given = give_back(before, about, record.partition, memory, notices, outbox)
        detail = given if before.state is not CaseState.NEW else f"{detail}; {given}"
        reverse(before.consignee, key, before.manifest_id, before.version, outbox)
    about = about._replace(detail=detail)
    notices.tell_end(NoticeKind.CANCELLED, about, before, after, outbox)
    put_case(memory, key, after, record.timestamp_ms)
    return APPLIED


def _why_not(move: Move, cancellation: Cancellation, case: Case | None) -> str:
    """Why the parcel cannot be cancelled; empty if it can."""
    if case is None:
        return ""
    if move is Move.REFUSE_CANCELLATION:
        return f"the parcel is {told(case.state)}{' and has arrived' if case.arrived else ''}"
    names_it = cancellation.manifest_id == case.manifest_id
    if move is Move.CANCEL and not (names_it and cancellation.version >= case.version):
        return (
            f"it names manifest {cancellation.manifest_id}, version {cancellation.version}; the "
            f"parcel stands on {case.manifest_id}, version {case.version}"
        )
    return ""


def _is_newer(cancellation: Cancellation, case: Case | None) -> bool:
    """Whether it cancels a version that the cancellation before it did not."""
    if case is None:
        return False
    same = cancellation.manifest_id == case.manifest_id
    return same and cancellation.version > case.version
