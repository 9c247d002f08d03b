"""`greenlane declaration`: an operator's consolidated declarations of a month."""

import asyncio
from datetime import date
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.options import (
    BROKER_DEFAULT,
    AsJson,
    Broker,
    TopicPrefix,
    broker_at,
    month_of,
)
from pipeline.ops.declaration import Amounts, Declaration, EntryKind
from pipeline.ops.declaration_tally import DECLARATION_TOPICS, DeclarationTally
from pipeline.ops.month_reader import read_month
from pipeline.rulebook.book import load_rule_book

NAMES = {
    EntryKind.PARCEL: "parcels released",
    EntryKind.CORRECTION: "corrections",
    EntryKind.REMOVAL: "removals",
}
TEXT_COLUMNS = frozenset({"entries", "parcel", "entry", "first declared", "category"})


def declaration(
    operator: Annotated[str, typer.Argument(help="Id of the carrier.")],
    period: Annotated[
        date,
        typer.Option(parser=month_of, metavar="MONTH", help="Month of the releases: 2026-07."),
    ],
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
    parcels: Annotated[bool, typer.Option("--parcels", help="List every entry.")] = False,
    as_json: AsJson = False,
) -> None:
    """What an operator declares for a month, each parcel once, with corrections of months before.

    For example:

        greenlane declaration SWIFTPOST --period 2026-07 --parcels

    Reads the public topics from the beginning, committed messages only. A parcel stands in the
    declaration of the month in which it was released, by the calendar of the country it goes to.
    If it is cancelled, closed or charged otherwise later, the declaration of that later month
    corrects it. Exit status: 0 if entries and sums agree and nothing is missing, 1 if not.
    """
    tally = DeclarationTally(operator, period, load_rule_book().legal_date)
    with Console(stderr=True).status("reading the topics") as status:
        asyncio.run(
            read_month(
                broker_at(broker),
                DECLARATION_TOPICS,
                tally,
                month=period,
                topic_prefix=topic_prefix,
                on_records=lambda read: status.update(f"reading the topics: {read:,} records"),
            )
        )
    found = tally.declarations()
    if as_json:
        typer.echo(msgspec.json.encode([_as_json(one) for one in found]).decode())
    else:
        _print(found, operator, parcels=parcels, complete=tally.complete)
    if tally.unreadable or not tally.complete or not all(o.closed and o.complete for o in found):
        raise typer.Exit(1)


def _as_json(one: Declaration) -> dict[str, object]:
    sums = ("declared_before", "declared", "stands")
    named = {name: getattr(one, name)._asdict() for name in sums}
    return {**msgspec.to_builtins(one), **msgspec.to_builtins(named), "closed": one.closed}


def _print(found: list[Declaration], operator: str, *, parcels: bool, complete: bool) -> None:
    console = Console(highlight=False)
    if not found and complete:
        console.print(f"Nothing of {operator} was released, corrected or removed in this month.")
    if not complete:
        console.print("INCOMPLETE: topics have lost records of this month by their retention.")
    for one in found:
        console.print(_sums(one))
        for text in _remarks(one):
            console.print(text)
        if parcels:
            console.print(_entries(one))


def _sums(one: Declaration) -> Table:
    title = f"Declaration of {one.operator}, {one.country}, {one.period}, in {one.currency}"
    table = _table(f"{title}: {one.title}", "entries", "number", "duty", "tax", "fees", "total")
    for kind in EntryKind:
        own = [entry for entry in one.entries if entry.kind is kind]
        if own:
            amounts = Amounts()
            for entry in own:
                amounts = amounts.more(Amounts(entry.duty, entry.tax, entry.fees))
            table.add_row(NAMES[kind], f"{len(own):,}", *_columns(amounts))
    table.add_section()
    table.add_row("declared", f"{len(one.entries):,}", *_columns(one.declared))
    table.add_row("declared before", "", *_columns(one.declared_before))
    table.add_row("in all", "", *_columns(one.stands))
    return table


def _columns(amounts: Amounts) -> list[str]:
    return [f"{amount:,}" for amount in (*amounts, amounts.total)]


def _remarks(one: Declaration) -> list[str]:
    due = f"by {one.due_on.isoformat()}" if one.due_on else "no date is known"
    said = [f"To be lodged: {due} (law: {one.law_status})."]
    estimated = sum(entry.estimated for entry in one.entries)
    if estimated:
        said.append(f"Estimates: {estimated:,} entries are not final.")
    if not one.complete:
        said.append("INCOMPLETE: topics have lost records of parcels that stand here.")
    if not one.closed:
        said.append("DIFFERENCE: entries and sums do not agree.")
    return said


def _entries(one: Declaration) -> Table:
    names = ("parcel", "entry", "first declared", "category", "duty", "tax", "fees", "total")
    table = _table("Entries", *names)
    for entry in one.entries:
        amounts = Amounts(entry.duty, entry.tax, entry.fees)
        category = entry.category.name.lower().replace("_", " ")
        table.add_row(
            entry.parcel_id, entry.kind, entry.first_declared, category, *_columns(amounts)
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column in TEXT_COLUMNS else "right")
    return table
