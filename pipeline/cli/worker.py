"""`greenlane worker`: one worker process."""

import os
from dataclasses import replace
from typing import Annotated, Any

import faust
import typer

from pipeline.app import build_worker
from pipeline.cli.broker_check import require_broker
from pipeline.cli.options import BROKER_DEFAULT, Broker, TopicPrefix
from pipeline.settings import Settings, read_settings

DEFAULTS = Settings()


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
        typer.Option(envvar="GREENLANE_WEB_PORT", help="Port of /metrics and /health pages."),
    ] = DEFAULTS.web_port,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Run one worker: it takes its share of the partitions and clears parcels until stopped.

    Start as many as you have cores, each with its own worker id and web port:

        greenlane worker --worker-id worker-1 --web-port 6066
        greenlane worker --worker-id worker-2 --web-port 6067

    Every setting can also be given as an environment variable GREENLANE_<NAME>; they are listed
    in docs/settings.md. A worker that is stopped (SIGTERM, Ctrl-C) finishes its running cycle and
    exits with 0; one that lost its partitions or its broker exits with 70 and may be started again.
    """
    given: dict[str, Any] = {
        "broker": broker,
        "topic_prefix": topic_prefix,
        "worker_id": worker_id,
        "web_port": web_port,
    }
    settings = replace(read_settings(os.environ), **given)
    require_broker(settings.broker)
    faust.Worker(build_worker(settings), loglevel=log_level, quiet=False).execute_from_commandline()
