"""Options that several commands share."""

import os
from dataclasses import replace
from datetime import date
from typing import Annotated

import typer

from pipeline.connection import broker_of
from pipeline.settings import Settings, read_settings
from pipeline.stream import connection


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
        help="Address of the Kafka broker. Login and TLS: GREENLANE_SECURITY_PROTOCOL and the "
        "settings beside it (docs/security.md).",
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


def day_of(text: str) -> date:
    """A day that was typed."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-07-01") from error


KnownOn = Annotated[
    date | None,
    typer.Option(
        "--known-on",
        parser=day_of,
        metavar="DAY",
        help="Only what was known on this day; default: all that is known.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead.")]

BROKER_DEFAULT = "127.0.0.1:9092"


def settings_for(address: str) -> Settings:
    """The settings of the environment, for the broker that the command was given.

    Raises:
        SettingsError: a variable is unusable.
    """
    return replace(read_settings(os.environ), broker=address)


def broker_at(address: str) -> connection.Broker:
    """The broker a command was given, with login and TLS as the environment says.

    Passwords are no options: who lists processes would read them.

    Raises:
        SettingsError: a variable or a file it names is unusable.
    """
    return broker_of(settings_for(address))
