"""`greenlane carriers`: the newest cards as a table and as JSON."""

import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import msgspec
from rich.console import Console
from typer.testing import CliRunner, Result

from pipeline.cli.carriers import scorecard_table
from pipeline.cli.main import app
from pipeline.errors import BrokerError
from pipeline.model.score import Counts, Scorecard, SubjectKind, Window
from pipeline.sandbox.trial import Trial
from pipeline.score.room import scorecard
from pipeline.score.state import SubjectMemory
from tests.builders import manifest, parcel

NOW = datetime(2026, 7, 6, 8, tzinfo=UTC)


def run(*arguments: str, text: bytes | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, [*arguments], input=text)


def card(name: str, score: int, age: timedelta = timedelta(0)) -> Scorecard:
    memory = SubjectMemory()
    counts = Counts(1_000, 50, 100, 10, 900, 950, 10 * score, {"DQ12": 1_200})
    memory.add(int((NOW - age).timestamp() * 1000), counts)
    return scorecard(SubjectKind.CARRIER, name, memory)


def rows(*cards: Scorecard, window: Window = Window.DAY) -> list[list[str]]:
    output = StringIO()
    table = scorecard_table(cards, SubjectKind.CARRIER, window, NOW)
    Console(file=output, width=140).print(table)
    return [line.split() for line in output.getvalue().splitlines()[2:]]


def test_the_worst_comes_first() -> None:
    assert [row[0] for row in rows(card("FINE", 90), card("BAD", 40), card("POOR", 60))] == [
        *("BAD", "POOR", "FINE")
    ]


def test_a_row_has_counts_scores_and_faults() -> None:
    (row,) = rows(card("ACME", 40))
    assert row == [
        *("ACME", "1,000", "5.0%", "10.0%", "90.0", "95.0"),
        *("40.0", "40.0", "40.0", "DQ12", "1,200"),
    ]


def test_windows_that_have_passed_since_show_nothing() -> None:
    (row,) = rows(card("ACME", 40, age=timedelta(hours=2)))
    assert row[6:9] == ["-", "40.0", "40.0"]
    (row,) = rows(card("ACME", 40, age=timedelta(days=2)))
    assert row[1:] == ["-", "-", "-", "-", "-", "-", "-", "40.0", "-"]


def test_who_sent_nothing_for_30_days_is_left_out() -> None:
    assert rows(card("ACME", 40, age=timedelta(days=31))) == []


def test_what_senders_choose_cannot_act_on_the_terminal() -> None:
    (row,) = rows(card("A\x1b[2J", 40))
    assert row[0] == r"A\x1b[2J"


def published_card(carrier: str, where: list[str]) -> Scorecard:
    """The card of a carrier, waited for: it is published a cycle after the acknowledgement."""
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        for line in run("carriers", *where, "--json").stdout.splitlines():
            found = msgspec.json.decode(line, type=Scorecard)
            if found.name == carrier:
                return found
    raise AssertionError(f"no card of {carrier}")


def test_it_shows_what_was_published(installation: Trial) -> None:
    """From the acknowledged manifest to the table, through a real broker."""
    where = ["--broker", str(installation.broker), "--topic-prefix", installation.topic_prefix]
    carrier = f"C{uuid4().hex[:8]}"
    text = msgspec.json.encode(
        manifest(carrier=carrier, parcels=[parcel(platform="Bazaar"), parcel(currency="XXX")])
    )
    assert run("publish", "-", *where, text=text).exit_code == 0
    own = published_card(carrier, where)
    assert [figures.parcels for figures in own.windows] == [2, 2, 2]
    table = run("carriers", *where)
    assert table.exit_code == 0, table.output
    (line,) = [line.split() for line in table.stdout.splitlines() if carrier in line]
    assert line[:3] == [carrier, "2", "50.0%"]
    assert "bazaar" in run("carriers", *where, "--by", "platform").stdout


def test_without_topics_the_error_names_the_command_that_creates_them(
    broker: str, topic_prefix: str
) -> None:
    error = run("carriers", "--broker", broker, "--topic-prefix", topic_prefix).exception
    assert isinstance(error, BrokerError)
    assert "greenlane topics create" in str(error)
