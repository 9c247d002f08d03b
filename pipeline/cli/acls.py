"""`greenlane topics acls`: who may do what, shown and granted."""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Column, Table

from pipeline.cli.options import BROKER_DEFAULT, AsJson, Broker, TopicPrefix, settings_for
from pipeline.connection import broker_of
from pipeline.contract.acls import Right, as_command, rights_of, roles_of
from pipeline.contract.declarations import declarations
from pipeline.contract.grant import grant


def acls(
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
    user: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=NAME",
            help="Kafka user of a role or carrier, where it is not named like it. Repeatable.",
        ),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Grant them on the broker, logged in as its admin.")
    ] = False,
    commands: Annotated[
        bool, typer.Option("--commands", help="Print commands for Kafka's own kafka-acls.sh.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show who may do what, as it follows from owners and readers of the topics; or grant it.

    For example:

        greenlane topics acls
        greenlane topics acls --user workers=greenlane --user officers=customs-nl --commands
        greenlane topics acls --apply

    Roles are workers, officers, collectors, warehouses, operators, and each carrier in
    `GREENLANE_CARRIERS_WITH_TOPICS` by its id. Carriers on the shared topics get rights only with
    --user carriers=NAME: there, any of them could use the name of another. Can be repeated; it
    takes nothing away. The broker needs an authorizer; how to set it up stands in docs/security.md.
    """
    settings = settings_for(broker)
    topics = declarations(settings.carriers_apart())
    rights = rights_of(
        topics,
        users=_users(user or (), roles_of(topics)),
        application_id=settings.application_id,
        topic_prefix=topic_prefix,
    )
    if apply:
        granted = asyncio.run(grant(broker_of(settings), rights))
        typer.echo(f"{granted} rights of {len({right.user for right in rights})} users granted")
    elif commands:
        for right in rights:
            typer.echo(as_command(right, broker))
    elif as_json:
        typer.echo(orjson.dumps([_described(right) for right in rights]))
    else:
        _show(rights)


def _users(given: Sequence[str], roles: Sequence[str]) -> dict[str, str]:
    users = {}
    for pair in given:
        role, _, name = pair.partition("=")
        if role not in roles or not name:
            raise typer.BadParameter(
                f"{pair!r} is not ROLE=NAME; roles are {', '.join(roles)}", param_hint="--user"
            )
        users[role] = name
    return users


def _show(rights: Sequence[Right]) -> None:
    table = Table("user", "may", Column("what", overflow="fold"))
    for (user, operation, resource), group in groupby(rights, key=lambda right: right[:3]):
        names = (right.name + ("*" if right.prefixed else "") for right in group)
        what = f"{resource.name.lower().replace('_', ' ')} " + ", ".join(names)
        table.add_row(user, operation.name.lower(), what)
    Console(markup=False).print(table)


def _described(right: Right) -> dict[str, object]:
    return {
        "principal": f"User:{right.user}",
        "operation": right.operation.name,
        "resource_type": right.resource.name,
        "name": right.name,
        "pattern_type": "PREFIXED" if right.prefixed else "LITERAL",
    }
