"""`greenlane broker`: the embedded Kafka until it is stopped."""

import signal
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.sandbox.kafka_jars import KAFKA_VERSION

PORT_DEFAULT = 9_092


def broker(
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Port to listen on, on 127.0.0.1 only.")
    ] = PORT_DEFAULT,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Keep topics and messages in this folder; start again with it to go on. "
            "Without it, everything is removed at the end.",
        ),
    ] = None,
) -> None:
    """Run Apache Kafka for trials, until Ctrl-C: one node, this machine only, no login.

    For example:

        greenlane broker
        greenlane topics create      (in another terminal)

    Nothing needs to be installed: the first start downloads Kafka (45 MB), later ones take a few
    seconds. Standard output names the address, for --broker of the other commands. Exit status: 0
    if stopped by Ctrl-C or SIGTERM, 1 if Kafka cannot start or ends by itself.
    """
    console = Console(stderr=True, highlight=False)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with console.status("") as status:
            kafka = EmbeddedBroker(port=port, data_dir=data_dir, progress=status.update)
            with closing(kafka):
                kafka.start()
                status.stop()
                _introduce(console, kafka, data_dir)
                kafka.wait()
    except KeyboardInterrupt:
        console.print("Kafka is stopped.")


def _introduce(console: Console, kafka: EmbeddedBroker, data_dir: Path | None) -> None:
    kept = f"kept in {data_dir}" if data_dir else "removed at the end"
    console.print(
        f"Kafka {KAFKA_VERSION} answers at {kafka.bootstrap_servers}. Data: {kept}. "
        f"Log: {kafka.log_path}. Ctrl-C stops it.",
        soft_wrap=True,
    )
    typer.echo(kafka.bootstrap_servers)  # last: who reads it may stop us at once


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
