"""A Faust application whose agents feed the engine. Nothing happens at import."""

import logging
import os
from collections.abc import Callable, Iterable

import faust
import mode.loop
from faust import streams
from faust.app import BootStrategy
from faust.sensors import Monitor
from faust.tables import TableManager

from pipeline.stream import transport
from pipeline.stream.engine import Engine
from pipeline.stream.gate import Gate
from pipeline.stream.report import Observer, SilentObserver
from pipeline.stream.room import Room
from pipeline.stream.settings import StreamSettings

log = logging.getLogger(__name__)

EXIT_FAILED = 70
FETCH_BYTES_MAX = 1_000_000
REQUEST_TIMEOUT_S = 30.0
POLL_INTERVAL_MAX_S = 1_000.0


class QuietMonitor(Monitor):
    """Faust's monitor without work for each message: the observer counts by cycle."""

    def on_message_in(self, *_: object) -> None:
        """Do nothing."""

    def on_stream_event_in(self, *_: object) -> None:
        """Do nothing."""

    def on_stream_event_out(self, *_: object) -> None:
        """Do nothing."""

    def on_message_out(self, *_: object) -> None:
        """Do nothing."""


class NoTables(TableManager):
    """Faust's tables without the second it waits at every start for tables to be declared."""

    async def on_start(self) -> None:
        """Begin at once: there are none."""
        await self._update_channels()
        await self.recovery.start()


class ConsumersOnly(BootStrategy):
    """Starts no producer of Faust's: it would be one more connection, and nothing uses it."""

    enable_kafka_producer = False


class StreamApp(faust.App):
    """A Faust application with an engine, and without a folder: it has no tables to keep."""

    BootStrategy = ConsumersOnly
    engine: Engine

    def _create_directories(self) -> None:
        """Create none: Faust would, in the working directory, for tables only."""


def end_process(error: BaseException) -> None:
    """Say why, and end at once: a supervisor starts the worker again.

    A clean shutdown would go on committing and rebalancing with memories of unknown worth.
    """
    log.critical("the worker stops: %s: %s", type(error).__name__, error, exc_info=error)
    logging.shutdown()
    os._exit(EXIT_FAILED)


def build_stream_app(
    rooms: Iterable[Room],
    settings: StreamSettings,
    observer: Observer | None = None,
    on_failure: Callable[[BaseException], None] = end_process,
    gate: Gate | None = None,
) -> StreamApp:
    """The Faust application of one worker; a `gate` holds its cycles back."""
    if streams._CStreamIterator is None:  # noqa: SLF001
        raise RuntimeError("install a binary wheel of faust-streaming: its C parts are missing")
    mode.loop.use("uvloop")
    transport.register()
    app = StreamApp(
        settings.application_id,
        broker=f"{transport.SCHEME}://",  # chooses the transport; it knows address and login
        broker_session_timeout=settings.session_timeout_ms / 1000,
        broker_heartbeat_interval=settings.session_timeout_ms / 1000 / 5,
        broker_rebalance_timeout=settings.session_timeout_ms / 1000,
        broker_request_timeout=REQUEST_TIMEOUT_S,
        broker_max_poll_interval=POLL_INTERVAL_MAX_S,
        broker_client_id=settings.transactional_id,
        consumer_group_instance_id=settings.transactional_id,
        consumer_max_fetch_size=FETCH_BYTES_MAX,
        consumer_auto_offset_reset="earliest",
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        TableManager=NoTables,
        table_standby_replicas=1,  # chooses the assignor that keeps equal partitions together
        # A restarted static member gets its assignment back with the address it had before, which
        # Faust's assignor wants to be its own: so it must not change with host or port.
        canonical_url=f"http://{settings.worker_id}",
        web_host=settings.web_host,
        web_port=settings.web_port,
        web_bind=settings.web_host,
        worker_redirect_stdouts=False,
        value_serializer="raw",
        key_serializer="raw",
    )
    app.monitor = QuietMonitor()
    app.engine = Engine(rooms, settings, observer or SilentObserver(), on_failure, gate=gate)
    for room in app.engine.rooms:
        _add_agent(app, room, settings.topic_prefix)
    return app


def _add_agent(app: StreamApp, room: Room, topic_prefix: str) -> None:
    topic = app.topic(
        *(topic_prefix + name for name in room.inputs),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )

    async def feed(stream: faust.Stream) -> None:
        async for chunk in stream:
            app.engine.offer(chunk)

    app.agent(topic, name=room.name)(feed)
