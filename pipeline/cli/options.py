"""Options that several commands share."""

from typing import Annotated

import typer

Broker = Annotated[
    str,
    typer.Option(
        "--broker",
        envvar="GREENLANE_BROKER",
        metavar="HOST:PORT",
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
