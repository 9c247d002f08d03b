"""Options that several commands share."""

from typing import Annotated

import typer


def _check_address(value: str) -> str:
    for address in value.split(","):
        host, _, port = address.rpartition(":")
        if not (host and port.isascii() and port.isdigit()):
            raise typer.BadParameter(f"{address!r} is not HOST:PORT, such as 127.0.0.1:9092")
    return value


Broker = Annotated[
    str,
    typer.Option(
        "--broker",
        envvar="GREENLANE_BROKER",
        metavar="HOST:PORT",
        callback=_check_address,
        help="Address of the Kafka broker.",
    ),
]
TopicPrefix = Annotated[
    str,
    typer.Option(
        "--topic-prefix",
        envvar="GREENLANE_TOPIC_PREFIX",
        help="Put before every topic name, so that installations can share a broker.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead.")]

BROKER_DEFAULT = "127.0.0.1:9092"
