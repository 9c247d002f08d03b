"""`greenlane statement`: a month of an operator, parcel by parcel."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.options import BROKER_DEFAULT, AsJson, Broker, TopicPrefix, broker_at, month_of
from pipeline.ops.month_reader import read_month
from pipeline.ops.settlement import Settlement
from pipeline.ops.statement import STATEMENT_TOPICS, Line, Statement, StatementTally

ZERO = Decimal(0)
NAMES = {
    Settlement.ACCOUNT: "on account",
    Settlement.RESERVED: "reserved on account",
    Settlement.CONSIGNEE: "paid by consignees",
    Settlement.AWAITED: "to be paid by consignees",
    Settlement.UNDER_INSPECTION: "under inspection",
    Settlement.AT_SALE: "collected at sale",
    Settlement.NOTHING_DUE: "nothing due",
    Settlement.REMOVED: "removed: refused entry",
}


def statement(
    operator: Annotated[str, typer.Argument(help="Id of the carrier.")],
    period: Annotated[
        date,
        typer.Option(parser=month_of, metavar="MONTH", help="Month of the legal dates: 2026-07."),
    ],
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
    parcels: Annotated[bool, typer.Option("--parcels", help="List every parcel.")] = False,
    as_json: AsJson = False,
) -> None:
    """What an operator owes for a month, by parcel, and by when it must be paid.

    For example:

        greenlane statement SWIFTPOST --period 2026-07 --parcels

    Reads the public topics from the beginning, committed messages only. Each parcel stands in the
    month of its legal date, once, as its last decision says; what changed after the month's end is
    marked. What is declared for a month tells `greenlane declaration`. Exit status: 0 if lines and
    sums agree and nothing of the month is missing, 1 if not.
    """
    until = (period + timedelta(days=31)).replace(day=1)
    tally = StatementTally(operator, period, until)
    with Console(stderr=True).status("reading the topics") as status:
        asyncio.run(
            read_month(
                broker_at(broker),
                STATEMENT_TOPICS,
                tally,
                month=period,
                topic_prefix=topic_prefix,
                on_records=lambda read: status.update(f"reading the topics: {read:,} records"),
            )
        )
    statements = [tally.statement(currency) for currency in tally.currencies()]
    if as_json:
        typer.echo(msgspec.json.encode([_as_json(one) for one in statements]).decode())
    else:
        _print(statements, operator, parcels=parcels)
    if tally.unreadable or not all(one.closed and one.complete for one in statements):
        raise typer.Exit(1)


def _as_json(one: Statement) -> dict[str, object]:
    return {**msgspec.to_builtins(one), "closed": one.closed}


def _print(statements: list[Statement], operator: str, *, parcels: bool) -> None:
    console = Console(highlight=False)
    if not statements:
        console.print(f"No parcel of {operator} has its legal date in this month.")
    for one in statements:
        console.print(_sums(one))
        if one.payable:
            console.print(_payable(one))
        for text in _remarks(one):
            console.print(text)
        if parcels:
            console.print(_parcels(one))


def _sums(one: Statement) -> Table:
    title = f"Statement of {one.operator}, {one.period}, in {one.currency}"
    table = _table(title, "charges", "parcels", "duty", "tax", "fees", "total")
    for settlement in Settlement:
        lines = one.of(settlement)
        if lines:
            table.add_row(NAMES[settlement], f"{len(lines):,}", *_amounts(lines))
    table.add_section()
    table.add_row("all", f"{len(one.lines):,}", *_amounts(one.lines))
    return table


def _amounts(lines: list[Line]) -> list[str]:
    columns = ([getattr(line, name) for line in lines] for name in ("duty", "tax", "fees", "total"))
    return [f"{sum(column, ZERO):,}" for column in columns]


def _payable(one: Statement) -> Table:
    table = _table("To be paid by the operator", "jurisdiction", "kind", "amount", "by", "law")
    for each in one.payable:
        by = each.due_on.isoformat() if each.due_on else "no date is known"
        table.add_row(each.jurisdiction, each.kind, f"{each.amount:,}", by, each.status)
    return table


def _remarks(one: Statement) -> list[str]:
    said = []
    if one.balance:
        balance = one.balance
        said.append(
            f"Account now: limit {balance.limit:,}, received {balance.received:,} "
            f"({balance.received_in_period:,} in the month), held {balance.held:,}, "
            f"left {balance.left:,} {one.currency}."
        )
    if one.refunds:
        amount = sum((refund.amount for refund in one.refunds), ZERO)
        reasons = Counter(refund.reason.value.replace("_", " ") for refund in one.refunds)
        by_reason = ", ".join(f"{reason} {count:,}" for reason, count in sorted(reasons.items()))
        said.append(f"Refunds told in the month: {amount:,} {one.currency} ({by_reason}).")
    corrected = sum(line.corrected_from is not None for line in one.lines)
    late = sum(line.changed_after_period for line in one.lines)
    if corrected or late:
        said.append(f"Corrected: {corrected:,} parcels; changed after the month: {late:,}.")
    if not one.complete:
        said.append("INCOMPLETE: topics have lost records of this month by their retention.")
    if not one.closed:
        said.append("DIFFERENCE: lines and sums do not agree.")
    return said


def _parcels(one: Statement) -> Table:
    table = _table("Parcels", "parcel", "legal date", "charges", "total", "on account", "before")
    for line in one.lines:
        before = "" if line.corrected_from is None else f"{line.corrected_from:,}"
        name = NAMES[line.settlement]
        amounts = f"{line.total:,}", f"{line.on_account:,}"
        table.add_row(line.parcel_id, line.legal_date.isoformat(), name, *amounts, before)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    texts = {"charges", "parcel", "legal date", "jurisdiction", "kind", "by", "law"}
    for column in columns:
        table.add_column(column, justify="left" if column in texts else "right")
    return table
