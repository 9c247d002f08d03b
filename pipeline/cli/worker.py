"""`greenlane worker`: one worker, or several under a supervisor."""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from threading import Event
from typing import Annotated, Any

import faust
import typer

from pipeline.app import build_worker, stream_settings
from pipeline.cli.options import BROKER_DEFAULT, Broker, TopicPrefix
from pipeline.contract.declarations import declarations
from pipeline.errors import SettingsError
from pipeline.ops.preflight import require_worker_rights
from pipeline.settings import WORKER_RESTARTS, Settings, read_settings
from pipeline.supervision.process import WORKER_COMMAND, WorkerProcess
from pipeline.supervision.supervisor import LOOK_S, Supervisor

DEFAULTS = Settings()
PORT_MAX = 65_535
COLLECTOR_THRESHOLDS = (50_000, 20, 50)
"""Of Python's three generations of objects; the defaults are 700, 10, 10."""
LOG_FORMAT = "[%(asctime)s] [%(process)s] [%(levelname)s] supervisor: %(message)s"


class LogLevel(StrEnum):
    """From the most talkative to the most silent."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def worker(
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = DEFAULTS.topic_prefix,
    worker_id: Annotated[
        str,
        typer.Option(
            envvar="GREENLANE_WORKER_ID",
            help="Unique for each worker of an installation, and the same after a restart.",
        ),
    ] = DEFAULTS.worker_id,
    web_port: Annotated[
        int,
        typer.Option(
            envvar="GREENLANE_WEB_PORT",
            min=1,
            max=PORT_MAX,
            help="Port of /metrics and /health pages.",
        ),
    ] = DEFAULTS.web_port,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help="Run so many worker processes and start each again that dies. They have ids "
            "`<worker-id>-1`, -2, ... (worker-1, worker-2, ... without an id of yours) and web "
            "ports from the given one on.",
        ),
    ] = None,
    log_level: Annotated[
        LogLevel, typer.Option(case_sensitive=False, help="What is worth a line in the log.")
    ] = LogLevel.INFO,
) -> None:
    """Run one worker, or several: each takes its share of the partitions and clears parcels.

    For example, as many workers as cores, kept running:

        greenlane worker --workers 2

    The same by hand, or spread over machines:

        greenlane worker --worker-id worker-1 --web-port 6066
        greenlane worker --worker-id worker-2 --web-port 6067

    Every setting can also be given as an environment variable `GREENLANE_<NAME>`; they are listed
    in docs/settings.md. A worker that is stopped (SIGTERM, Ctrl-C) finishes its running cycle and
    exits with 0; one that lost its partitions or its broker exits with 70 and may be started again.
    With --workers it is: after 0.2 seconds, then after twice the time for each further try, up to
    30 seconds, for ever; a minute without a fault makes the next try a first one. Stopped, it stops
    all workers and exits with 0; a worker that takes longer than 5 seconds is killed, and the exit
    status is 1.
    """
    given: dict[str, Any] = {
        "broker": broker,
        "topic_prefix": topic_prefix,
        "worker_id": worker_id,
        "web_port": web_port,
    }
    settings = replace(read_settings(os.environ), **given)
    if workers and web_port + workers - 1 > PORT_MAX:
        raise typer.BadParameter(f"{workers} ports from {web_port} on are more than there are")
    _require_web_ports(settings, workers or 1)
    asyncio.run(_check(settings))
    if workers:
        logging.basicConfig(level=log_level.value, format=LOG_FORMAT)
        environment = {f"GREENLANE_{name.upper()}": str(value) for name, value in given.items()}
        command = (*WORKER_COMMAND, "--log-level", log_level)
        supervisor = Supervisor(_processes(workers, settings, environment, command))
        raise typer.Exit(_supervise(supervisor))
    app = build_worker(settings, restarts=int(os.environ.get(WORKER_RESTARTS, "0")))
    collect_garbage_seldom()
    faust.Worker(app, loglevel=log_level, quiet=False).execute_from_commandline()


def collect_garbage_seldom() -> None:
    """Rule books stay for ever, and parcels hold no cycles: searching them is a tenth of the work.

    Cycles that do arise (exceptions, closed connections) still go, only later.
    """
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


def _processes(
    workers: int, settings: Settings, environment: Mapping[str, str], command: tuple[str, ...]
) -> list[WorkerProcess]:
    """The workers to be run, not started yet."""
    own_id = settings.worker_id != DEFAULTS.worker_id
    stem = settings.worker_id if own_id else "worker"
    return [
        WorkerProcess(
            f"{stem}-{number}", environment, settings.web_port + number - 1, command=command
        )
        for number in range(1, workers + 1)
    ]


def _supervise(supervisor: Supervisor) -> int:
    """Keep workers running until a signal asks for the end; exit status."""
    stopping = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    supervisor.start()
    while not stopping.wait(LOOK_S):
        supervisor.look()
    logging.getLogger(__name__).info("stopping %d workers", len(supervisor.workers))
    return 0 if supervisor.stop() else 1


def _require_web_ports(settings: Settings, workers: int) -> None:
    """See that the pages can be served."""
    host = settings.web_host
    for port in range(settings.web_port, settings.web_port + workers):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            # As servers do: connections of an earlier server that are still closing do not matter.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise SettingsError(
                    f"the pages of a worker cannot be served on {host}, port {port}: "
                    f"{error.strerror}; choose another --web-port, or GREENLANE_WEB_HOST"
                ) from error


async def _check(settings: Settings) -> None:
    """What would otherwise end in a traceback from the depth of a client."""
    stream = stream_settings(settings)
    topics = declarations(settings.carriers_apart())
    await require_worker_rights(
        stream.broker,
        [settings.topic_prefix + topic.name for topic in topics],
        group_id=stream.application_id,
        transactional_id=stream.transactional_id,
    )
