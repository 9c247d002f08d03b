"""Here the rooms are wired together: the only place that knows all of them."""

from dataclasses import replace

import faust
from prometheus_client import CollectorRegistry

from pipeline.accounts.room import AccountsRoom
from pipeline.assess.room import AssessRoom, build_assess_room
from pipeline.connection import broker_of
from pipeline.decide.room import DecideRoom, build_decide_room
from pipeline.intake.room import IntakeRoom
from pipeline.intake.rules import load_data_rules
from pipeline.ops.law_gate import LawGate
from pipeline.ops.law_topic import law_reader
from pipeline.ops.metrics import Metrics
from pipeline.ops.observer import MetricsObserver
from pipeline.ops.web import install_pages
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.publication import PublishedLaw, RefusedLaw
from pipeline.rulebook.shelf import Shelf
from pipeline.score.room import ScoreRoom
from pipeline.settings import Settings
from pipeline.stream.app import build_stream_app, end_process
from pipeline.stream.memory import MemoryStream
from pipeline.stream.settings import StreamSettings

Rooms = tuple[IntakeRoom, AssessRoom, DecideRoom, AccountsRoom, ScoreRoom]


def build_rooms(settings: Settings, law: Shelf | None = None) -> Rooms:
    """All rooms, with their rule books loaded; without a shelf, by the release's law alone."""
    data_rules = load_data_rules()
    law = law or Shelf(load_rule_book())
    return (
        IntakeRoom(settings, data_rules, law),
        build_assess_room(settings, law, data_rules.version),
        build_decide_room(settings, law),
        AccountsRoom(),
        ScoreRoom(),
    )


def build_dry_run(settings: Settings) -> MemoryStream:
    """The rooms on a log in memory, for `greenlane decide`.

    Nobody's identity is in question there: all carriers share their topics.
    """
    return MemoryStream(build_rooms(replace(settings, carriers_with_topics="")))


def build_check(settings: Settings) -> MemoryStream:
    """Intake alone on a log in memory, for `greenlane check`."""
    shared = replace(settings, carriers_with_topics="")
    return MemoryStream([IntakeRoom(shared, load_data_rules(), Shelf(load_rule_book()))])


def build_worker(settings: Settings, restarts: int = 0) -> faust.App:
    """The Faust application of one worker: rooms, metrics, health pages.

    Args:
        settings: its settings.
        restarts: how often its supervisor has started it again.
    """
    law = Shelf(load_rule_book())
    rooms = build_rooms(settings, law)
    metrics = Metrics(CollectorRegistry(), rooms)
    metrics.set_worker(settings.worker_id, rooms[1].versions)
    metrics.worker_restarts.inc(restarts)
    metrics.state_limit_entries.set(settings.state_entries_max)
    observer = MetricsObserver(metrics, rooms)

    def on_law(judged: PublishedLaw | RefusedLaw) -> None:
        metrics.count_law(judged)
        metrics.set_worker(settings.worker_id, rooms[1].versions_of(law.newest))

    gate = LawGate(
        law_reader(broker_of(settings), settings.topic_prefix),
        law,
        on_law=on_law,
        on_failure=end_process,
    )
    app = build_stream_app(rooms, stream_settings(settings), observer, gate=gate)
    install_pages(app, app.engine, metrics, observer)
    return app


def stream_settings(settings: Settings) -> StreamSettings:
    """The part of the settings that the stream core needs."""
    return StreamSettings(
        broker=broker_of(settings),
        application_id=settings.application_id,
        worker_id=settings.worker_id,
        topic_prefix=settings.topic_prefix,
        web_host=settings.web_host,
        web_port=settings.web_port,
        session_timeout_ms=settings.session_timeout_ms,
        transaction_timeout_ms=settings.transaction_timeout_ms,
        cycle_bytes_max=settings.cycle_bytes_max,
        cycle_items_max=settings.cycle_items_max,
        cycle_ms_min=settings.cycle_ms_min,
        cycle_ms_max=settings.cycle_ms_max,
        cycle_wait_ms=settings.cycle_wait_ms,
        snapshot_dir=settings.snapshot_dir,
        snapshot_interval_ms=settings.snapshot_interval_ms,
        state_entries_max=settings.state_entries_max,
    )
