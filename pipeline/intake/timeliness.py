"""How timely a manifest is, against the dated deadlines of its destination."""

from datetime import datetime

from pipeline.model.manifest import ManifestBase
from pipeline.model.timeliness import (
    DeadlineCheck,
    Timeliness,
    TimelinessReport,
    minutes_between,
)
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.deadlines import DataSetKind, load_deadlines


def timeliness_of(header: ManifestBase) -> TimelinessReport:
    """The report on a manifest whose times are of this century.

    The time of issue counts, not that of receipt, so that a file gives the same answer on every
    day; the deadlines are those of the day of arrival, in UTC.
    """
    issued_at, departure_at = header.issued_at, header.departure_at
    arrival_at = header.estimated_arrival_at
    if not (issued_at and arrival_at):
        return TimelinessReport(Timeliness.NO_DEADLINE)
    lead_time_minutes = minutes_between(issued_at, arrival_at)
    if not departure_at:
        return TimelinessReport(Timeliness.NO_DEADLINE, lead_time_minutes)
    jurisdiction = load_rule_book().jurisdiction_of(header.destination_country)
    checks: list[DeadlineCheck] = []
    timeliness = Timeliness.NO_DEADLINE
    for deadline in load_deadlines().on(jurisdiction, header.transport_mode, arrival_at.date()):
        due_at = deadline.due_at(departure_at, arrival_at)
        missed = issued_at > due_at
        checks.append(DeadlineCheck(deadline.id, due_at, missed))
        if deadline.data is DataSetKind.COMPLETE:
            timeliness = _judge(issued_at, departure_at, arrival_at, missed=missed)
    return TimelinessReport(timeliness, lead_time_minutes, checks)


def is_late(report: TimelinessReport) -> bool:
    """Whether the deadline of complete data was missed."""
    return report.timeliness in {Timeliness.LATE, Timeliness.AFTER_ARRIVAL}


def _judge(
    issued_at: datetime, departure_at: datetime, arrival_at: datetime, *, missed: bool
) -> Timeliness:
    if missed:
        return Timeliness.AFTER_ARRIVAL if issued_at > arrival_at else Timeliness.LATE
    return Timeliness.BEFORE_DEPARTURE if issued_at <= departure_at else Timeliness.IN_TIME
