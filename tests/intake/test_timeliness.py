"""Deadlines by the dated files, and what a manifest is told of its own."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import RuleBookError
from pipeline.model import TransportMode
from pipeline.model.timeliness import Timeliness
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.deadlines import SUBJECT, Deadline, Deadlines, load_deadlines
from pipeline.rulebook.files import yaml_files
from tests.builders import ARRIVAL_AT, DEPARTURE_AT, manifest, parcel
from tests.intake.intake import Intake

ALL = {one.id: one for found in load_deadlines().of_jurisdiction.values() for one in found}
SECOND = timedelta(seconds=1)
COMPLETE_DUE = ARRIVAL_AT - timedelta(hours=4)


@pytest.mark.parametrize("deadline", ALL.values(), ids=ALL)
def test_every_example_of_a_deadline_holds(deadline: Deadline) -> None:
    for example in deadline.examples:
        assert deadline.due_at(example.departure_at, example.arrival_at) == example.due_at


def test_every_jurisdiction_with_deadlines_is_one_of_the_law() -> None:
    assert set(load_deadlines().of_jurisdiction) <= set(load_rule_book().sources)


@pytest.mark.parametrize(
    ("issued_at", "expected"),
    [
        (DEPARTURE_AT, Timeliness.BEFORE_DEPARTURE),
        (DEPARTURE_AT + SECOND, Timeliness.IN_TIME),
        (COMPLETE_DUE, Timeliness.IN_TIME),
        (COMPLETE_DUE + SECOND, Timeliness.LATE),
        (ARRIVAL_AT, Timeliness.LATE),
        (ARRIVAL_AT + SECOND, Timeliness.AFTER_ARRIVAL),
    ],
)
def test_the_class_follows_the_time_of_issue(issued_at: datetime, expected: Timeliness) -> None:
    intake = Intake()
    report = intake.answer(manifest(issued_at=issued_at)).timeliness
    assert report
    assert report.timeliness is expected
    assert report.lead_time_minutes == (ARRIVAL_AT - issued_at) // timedelta(minutes=1)
    assert intake.stream.notes[0].timeliness is expected


def test_the_deadline_of_minimum_data_is_named_but_draws_no_fault() -> None:
    """They may have been filed apart."""
    answer = Intake().answer(manifest(issued_at=DEPARTURE_AT + SECOND))
    assert answer.timeliness
    checks = {check.deadline_id: check.missed for check in answer.timeliness.deadlines}
    assert checks == {"eu.air.complete": False, "eu.air.minimum": True}
    assert "DQ29" not in {fault.rule_id for fault in answer.faults}


def test_a_short_flight_is_due_by_departure() -> None:
    arrival_at = DEPARTURE_AT + timedelta(hours=4) - SECOND
    late = manifest(issued_at=DEPARTURE_AT + SECOND, estimated_arrival_at=arrival_at)
    report = Intake().answer(late).timeliness
    assert report
    assert report.timeliness is Timeliness.LATE


def test_without_a_deadline_the_lead_time_is_still_told() -> None:
    report = Intake().answer(manifest(transport_mode=TransportMode.OTHER)).timeliness
    assert report
    assert report.timeliness is Timeliness.NO_DEADLINE
    assert report.lead_time_minutes == 20 * 60
    assert report.deadlines == []


def test_a_manifest_refused_as_a_whole_has_no_timeliness() -> None:
    """Its times may be what is wrong."""
    intake = Intake()
    assert intake.answer(manifest(destination_country="ZZ")).timeliness is None
    assert intake.stream.notes[0].timeliness is None


def test_a_repeat_tells_it_again_and_is_not_counted_again() -> None:
    intake = Intake()
    message = manifest(parcels=[parcel()])
    assert intake.answer(message).timeliness == intake.answer(message).timeliness
    assert [note.timeliness for note in intake.stream.notes] == ["before_departure", None]


def test_the_deadline_in_force_on_the_day_of_arrival_counts() -> None:
    deadlines = load_deadlines()
    before = deadlines.on("EU", TransportMode.AIR, date(2023, 2, 28))
    since = deadlines.on("EU", TransportMode.AIR, date(2023, 3, 1))
    assert [one.id for one in before] == ["eu.air.complete"]
    assert [one.id for one in since] == ["eu.air.complete", "eu.air.minimum"]


@given(
    departure_at=st.datetimes(datetime(2000, 1, 1), datetime(2098, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    journey=st.timedeltas(timedelta(0), timedelta(days=60)),
    deadline=st.sampled_from(list(ALL.values())),
)
def test_no_deadline_is_later_than_arrival(
    departure_at: datetime, journey: timedelta, deadline: Deadline
) -> None:
    assert deadline.due_at(departure_at, departure_at + journey) <= departure_at + journey


EU = yaml_files(SUBJECT)[0]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("      - {before: arrival, hours: 4}\n", "", "says nothing of longer journeys"),
        ("modes: [mail]", "modes: [air, mail]", "hold at the same time"),
        ("id: eu.rail.complete", "id: eu.sea.complete", "stands twice"),
        ("jurisdictions: [EU, XI]", "jurisdictions: [EU, EU]", "has another file"),
        ("before: departure", "before: landing", "line"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    text = EU.read_text()
    assert EU.name == "EU.yaml"
    assert old in text
    path = tmp_path / EU.name
    path.write_text(text.replace(old, new))
    with pytest.raises(RuleBookError, match=fault):
        Deadlines.read([path])
