"""`greenlane law`: the dated law that decisions rest on, checked and shown."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.law_publish import publish, published
from pipeline.cli.law_tariff import app as tariff
from pipeline.cli.options import AsJson, KnownOn, day_of
from pipeline.errors import RuleBookError
from pipeline.model import LawStatus
from pipeline.rulebook.book import LAW_FOLDER, DatedValue, Law, RuleBook, load_rule_book
from pipeline.rulebook.changes import NOT_IN_FORCE, NOT_KNOWN, Change, changes
from pipeline.rulebook.law_files import RuleEntry

DAYS_BEFORE, DAYS_AHEAD = 30, 60

app = typer.Typer(
    help="Check, show, publish the law: thresholds, rates, fees and rules, dated, by jurisdiction.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
app.command()(publish)
app.command()(published)
app.add_typer(tariff, name="tariff")


def _today() -> date:
    return datetime.now(UTC).date()


Jurisdiction = Annotated[
    str, typer.Argument(help="A jurisdiction such as EU, GB, US; `law check` lists them.")
]
Folder = Annotated[
    Path,
    typer.Option(
        "--folder", metavar="FOLDER", help="Folder of law; default: that of this release."
    ),
]


@app.command()
def check(folder: Folder = LAW_FOLDER, as_json: AsJson = False) -> None:
    """Check that every file of law is well formed, and count what is in it.

    Unknown and doubled keys, periods that overlap or leave gaps, numbers that are not exact,
    missing sources, ids that are cited and do not exist: the first fault is told with its file and
    line. Exit status: 0 if all is well, 1 if not.

    For example:

        greenlane law check
        greenlane law check --folder my-law
    """
    try:
        book = load_rule_book(folder)
    except RuleBookError as error:
        if not as_json:
            raise
        typer.echo(msgspec.json.encode({"fault": str(error)}).decode())
        raise typer.Exit(1) from error
    counts = {name: _counts(book, name) for name in sorted(book.sources)}
    if as_json:
        document = {"version": book.version, "jurisdictions": counts}
        typer.echo(msgspec.json.encode(document).decode())
        return
    table = Table(
        "jurisdiction",
        "",
        "parameters",
        "values",
        "rules",
        "unverified",
        caption=f"version {book.version}: all is well",
        box=None,
    )
    for name, count in counts.items():
        title = book.sources[name].entry.title
        table.add_row(name, title, *(str(number) for number in count.values()))
    Console(highlight=False).print(table)


def _counts(book: RuleBook, jurisdiction: str) -> dict[str, int]:
    source = book.sources[jurisdiction]
    values = [value for parameter in source.parameters for value in parameter.values]
    rules = [rule for charge in source.charges for rule in charge.rules]
    statuses = [value.status for value in values] + [rule.status for rule in rules]
    return {
        "parameters": len(source.parameters),
        "values": len(values),
        "rules": len(rules),
        "unverified": statuses.count(LawStatus.UNVERIFIED),
    }


@app.command()
def show(
    jurisdiction: Jurisdiction,
    on: Annotated[
        date | None,
        typer.Option(parser=day_of, metavar="DAY", help="The law of this day; default: today."),
    ] = None,
    known_on: KnownOn = None,
    only: Annotated[str, typer.Option(help="Only ids that hold this text.")] = "",
    folder: Folder = LAW_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Show the law of a jurisdiction on a day: parameters, then the rules of each charge in order.

    For each goods item the first rule whose conditions hold decides. What is unverified makes every
    assessment that rests on it an estimate.

    For example:

        greenlane law show EU --on 2026-07-01
        greenlane law show EU --on 2026-07-01 --known-on 2026-02-01 --only eu.duty
        greenlane law show US --json
    """
    book = load_rule_book(folder)
    _check_jurisdiction(book, jurisdiction)
    day = on or _today()
    law = book.on(jurisdiction, day, known_on)
    own = {parameter.id for parameter in book.sources[jurisdiction].parameters}
    values = [value for value in law.values.values() if value.id in own and only in value.id]
    if as_json:
        typer.echo(msgspec.json.encode(_as_json(book, law, day, values, only)).decode())
        return
    console = Console(highlight=False)
    title = f"{book.sources[jurisdiction].entry.title} on {day}"
    table = _table("parameter", "value", "since", "status", title=title)
    for value in values:
        since = value.since.isoformat() if value.since else ""
        table.add_row(f"{value.id}\n  {value.title}", _value(value), since, value.status)
    console.print(table)
    for charge in law.charges:
        rules = [rule for rule in charge.rules if only in rule.id]
        if rules:
            title = f"{charge.title} ({charge.id}, {charge.kind})"
            table = _table("rule", "when", "then", "status", title=title)
            for rule in rules:
                name = f"{rule.id}\n  {rule.title}"
                table.add_row(name, _when(rule), _then(rule), rule.status)
            console.print(table)


def _table(*columns: str, title: str = "", caption: str = "") -> Table:
    """A table whose ids are broken rather than cut."""
    table = Table(title=title or None, caption=caption or None, box=None, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _check_jurisdiction(book: RuleBook, jurisdiction: str) -> None:
    if jurisdiction not in book.sources:
        known = ", ".join(sorted(book.sources))
        raise typer.BadParameter(f"there is no law of {jurisdiction!r}; there is of {known}")


def _value(value: DatedValue) -> str:
    if value.text is None:
        return NOT_IN_FORCE if value.is_verified else NOT_KNOWN
    return f"{value.text} {value.unit}"


def _when(rule: RuleEntry) -> str:
    said = msgspec.to_builtins(rule.when)
    plain = {name: wanted for name, wanted in said.items() if wanted}
    return "; ".join(f"{name} {_plain(wanted)}" for name, wanted in plain.items())


def _plain(wanted: Any) -> str:
    if isinstance(wanted, list):
        return ", ".join(_plain(one) for one in wanted)
    if isinstance(wanted, dict):
        return " ".join(f"{name} {value}" for name, value in wanted.items() if value)
    return str(wanted) or "unknown"


def _then(rule: RuleEntry) -> str:
    if rule.nothing:
        return f"nothing: {rule.nothing}"
    if rule.amount:
        return f"{rule.amount} per {rule.per}"
    if rule.unknown:
        return rule.unknown
    return f"{rule.rate or rule.tariff} of {', '.join(rule.of)}"


def _as_json(
    book: RuleBook, law: Law, day: date, values: list[DatedValue], only: str
) -> dict[str, Any]:
    return {
        "version": book.version,
        "jurisdiction": law.jurisdiction,
        "day": day,
        "currency": law.currency,
        "parameters": [value._asdict() for value in values],
        "charges": [
            {
                "id": charge.id,
                "kind": charge.kind,
                "title": charge.title,
                "rules": [rule for rule in charge.rules if only in rule.id],
            }
            for charge in law.charges
        ],
    }


@app.command(name="changes")
def list_changes(
    first: Annotated[
        date | None,
        typer.Option("--from", parser=day_of, metavar="DAY", help="Default: 30 days ago."),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option("--to", parser=day_of, metavar="DAY", help="Default: in 60 days."),
    ] = None,
    jurisdiction: Annotated[str, typer.Option(help="Only of this one, such as EU.")] = "",
    folder: Folder = LAW_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Tell what starts, ends and changes between two days, both included.

    Run it every week: a period that ends, or whose value is not verified any more, stands in it
    before it happens.

    For example:

        greenlane law changes
        greenlane law changes --from 2026-07-01 --to 2026-11-30 --jurisdiction US
    """
    book = load_rule_book(folder)
    if jurisdiction:
        _check_jurisdiction(book, jurisdiction)
    today = _today()
    begin = first or today - timedelta(days=DAYS_BEFORE)
    end = last or today + timedelta(days=DAYS_AHEAD)
    if end < begin:
        raise typer.BadParameter(f"--to {end} is before --from {begin}")
    found = changes(book, begin, end, jurisdiction)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    _print_changes(found, f"from {begin} to {end}, version {book.version}")


def _print_changes(found: list[Change], caption: str) -> None:
    table = _table("day", "of", "id", "before and after", "status", caption=caption)
    for one in found:
        style = "yellow" if one.status == "unverified" else ""
        name = f"{one.id}\n  {one.title}" + (f"\n  {one.note}" if one.note else "")
        change = f"{one.before}\n{one.after}"
        table.add_row(str(one.day), one.jurisdiction, name, change, one.status, style=style)
    Console(highlight=False).print(table)
