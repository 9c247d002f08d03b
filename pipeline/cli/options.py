"""Options that several commands share."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from pipeline.connection import broker_of
from pipeline.formats.dispatch import FORMAT_HEADER, FORMATS, Headers
from pipeline.settings import Settings, read_settings
from pipeline.stream import connection


def _check_address(value: str) -> str:
    for address in value.split(","):
        host, _, port = address.rpartition(":")
        if not (host and port.isascii() and port.isdigit()):
            raise typer.BadParameter(f"{address!r} is not HOST:PORT, such as 127.0.0.1:9092")
    return value


def _check_format(value: str) -> str:
    if value and value not in FORMATS:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(FORMATS)}")
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


def month_of(text: str) -> date:
    """The first day of a month that was typed."""
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no month, such as 2026-07") from error


KnownOn = Annotated[
    date | None,
    typer.Option(
        "--known-on",
        parser=day_of,
        metavar="DAY",
        help="Only what was known on this day; default: all that is known.",
    ),
]
FormatName = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME",
        callback=_check_format,
        show_default=False,
        help=f"Format of the messages: {', '.join(FORMATS)}. Without it, their content tells.",
    ),
]
ReceivedAt = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
        metavar="DATE[TTIME]",
        help="When messages that bear no date count as received; UTC unless it says "
        "otherwise. Without it: now.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead.")]

FORMAT_DEFAULT = ""
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


def format_headers(name: str) -> Headers:
    """The Kafka header that names a format; none where the content is to tell it."""
    return [(FORMAT_HEADER, name.encode())] if name else []


def in_utc(instant: datetime | None) -> datetime:
    """An instant of the command line; without one, now."""
    if instant is None:
        return datetime.now(UTC)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
