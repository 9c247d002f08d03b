"""Any sequence of events on a parcel: what holds always."""

from collections.abc import Callable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Cause, InspectionVerdict
from tests.decide.desk import NOTHING_DUE, Desk, assessed, payment, result, selected

Act = Callable[[Desk], Desk]


def _announcements() -> st.SearchStrategy[Act]:
    return st.builds(
        lambda version, manifest, make: (
            lambda desk: desk.announce(make(version=version, manifest_id=manifest))
        ),
        st.integers(1, 3),
        st.sampled_from(["SP-0001", "SP-0002"]),
        st.sampled_from([assessed, selected, lambda **f: assessed(revenue=NOTHING_DUE, **f)]),
    )


def _feedback() -> st.SearchStrategy[Act]:
    results = st.builds(
        lambda verdict, number: lambda desk: desk.inspect(result(verdict, result_id=f"R-{number}")),
        st.sampled_from(InspectionVerdict),
        st.integers(1, 3),
    )
    payments = st.builds(
        lambda amount, number: lambda desk: desk.pay(payment(amount, payment_id=f"P-{number}")),
        st.sampled_from(["1", "5", "9.06", "20"]),
        st.integers(1, 4),
    )
    return results | payments


@settings(max_examples=200)
@given(acts=st.lists(_announcements() | _feedback(), max_size=12))
def test_what_holds_after_any_sequence(acts: list[Act]) -> None:
    """One chain of events; each announcement has one end; nothing disappears; no fault of ours."""
    desk = Desk()
    for act in acts:
        act(desk)
    events = desk.events()
    assert [event.event_number for event in events] == list(range(1, len(events) + 1))
    assert all(later.supersedes == earlier.event_id for earlier, later in pairwise(events))

    announced = len(desk.stream.read("assessments"))
    decided = [e for e in events if e.cause in (Cause.ASSESSMENT, Cause.AMENDMENT)]
    assert announced == len(decided) + len(desk.answers())

    fed_back = len(desk.stream.read("inspections")) + len(desk.stream.read("payments"))
    applied = len(events) - len(decided)
    without_event = ("repeated", "waiting", "refunded")
    noted = [n for n in desk.stream.notes if getattr(n, "effect", "") in without_event]
    assert fed_back == applied + len(noted) + len(desk.dead_letters())
    assert set(desk.codes()) <= {"unknown_parcel", "illegal_move"}
