"""`greenlane law publish` and `published`: new law for workers that run."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.options import BROKER_DEFAULT, AsJson, Broker, TopicPrefix, broker_at
from pipeline.errors import RuleBookError
from pipeline.ops.law_topic import Told, last_accepted, publish_law, published_law
from pipeline.rulebook.book import RuleBook, load_rule_book
from pipeline.rulebook.changes import changes
from pipeline.rulebook.customs_rates import FIRST_COLUMN, FOLDER
from pipeline.rulebook.difference import first_difference
from pipeline.rulebook.files import read_yaml
from pipeline.rulebook.overlay import overlaid
from pipeline.rulebook.publication import MESSAGE_BYTES_MAX, LawPublication, RefusedLaw
from pipeline.rulebook.shelf import NOTICE_MS

TARIFFS = "tariffs"
SHOWN_MAX = 30


class _Head(msgspec.Struct):
    """Of a file of law, what tells its folder."""

    jurisdiction: str


def publish(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Whole files of law (YAML) or tariff tables (CSV), named as in law/."),
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why, in a few words: it stands with the publication for ever.")
    ] = "",
    withdraw: Annotated[
        list[str] | None,
        typer.Option(help="A file published before, such as EU/duty.yaml: the release's counts."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and show what would change, publish nothing.")
    ] = False,
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
) -> None:
    """Publish law to workers that run: no restart, in force on all of them within 5 seconds.

    Each file takes the place of the one with its name in the release, or is added. The whole rule
    book is checked with it first, as `law check` does. Decisions change from the first legal date
    on which the new law differs: parcels before that are decided by the law before it, and name its
    version. What was published earlier stays in force unless it is published anew or withdrawn.

    For example:

        greenlane law publish EU/duty.yaml --reason "handling fee from 1 November" --dry-run
        greenlane law publish tariffs/gb.tariff.csv --reason "tariff of October"
        greenlane law publish --withdraw EU/duty.yaml --reason "in release 1.4"

    Exit status: 0 if it was published, 1 if the law is refused, changes nothing, or the broker does
    not take it.
    """
    if not (files or withdraw):
        raise typer.BadParameter("name files to publish, or one to withdraw")
    if not (reason.strip() or dry_run):
        raise typer.BadParameter("--reason must be given")
    at = broker_at(broker)
    told = asyncio.run(published_law(at, topic_prefix))
    before = last_accepted(told)
    overlay = dict(before.publication.files) if before else {}
    for path in withdraw or []:
        if path not in overlay:
            there = ", ".join(overlay) or "nothing is"
            raise typer.BadParameter(f"{path} is not published: {there}")
        del overlay[path]
    overlay |= {_path_in_law(file): _text(file) for file in files or []}
    book_before = before.book if before else load_rule_book()
    book = overlaid(overlay)
    covers_from = first_difference(book_before, book)
    if covers_from is None:
        raise RuleBookError("this changes nothing: no decision of any date would differ")
    publication = LawPublication(reason=reason or "-", covers_from=covers_from, files=overlay)
    size = len(msgspec.json.encode(publication))
    if size > MESSAGE_BYTES_MAX:
        raise RuleBookError(
            f"{size:,} bytes are too many for one publication of at most {MESSAGE_BYTES_MAX:,}: "
            "leave out tariff codes that parcels do not hold, or install the file with a release"
        )
    console = Console(highlight=False)
    _show_changes(console, book_before, book)
    if dry_run:
        console.print(f"{book.version} would decide for legal dates from {covers_from} on.")
        return
    published_at_ms = asyncio.run(publish_law(at, topic_prefix, publication, after=told))
    begins = datetime.fromtimestamp((published_at_ms + NOTICE_MS) / 1000, UTC)
    console.print(
        f"{book.version} is published: it decides for legal dates from {covers_from} on, on what "
        f"the broker has from {begins:%H:%M:%S} UTC on."
    )


def _path_in_law(file: Path) -> str:
    """Where a file of law stands below law/: that follows from what it is."""
    if file.suffix == ".csv":
        is_rates = _text(file).startswith(FIRST_COLUMN)
        return f"{FOLDER if is_rates else TARIFFS}/{file.name}"
    return f"{read_yaml(file, _Head).jurisdiction}/{file.name}"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleBookError(f"{file}: {error}") from error


def _show_changes(console: Console, before: RuleBook, after: RuleBook) -> None:
    known = set(changes(before))
    new = [one for one in changes(after) if one not in known]
    table = Table("day", "of", "id", "before and after", "status", box=None)
    for one in new[:SHOWN_MAX]:
        table.add_row(
            str(one.day), one.jurisdiction, one.id, f"{one.before}\n{one.after}", one.status
        )
    if new:
        console.print(table)
    if len(new) > SHOWN_MAX:
        console.print(f"and {len(new) - SHOWN_MAX:,} more")


def published(
    broker: Broker = BROKER_DEFAULT, topic_prefix: TopicPrefix = "", as_json: AsJson = False
) -> None:
    """List the law that was published, with what became of each publication.

    For example:

        greenlane law published
        greenlane law published --json
    """
    told = asyncio.run(published_law(broker_at(broker), topic_prefix))
    if as_json:
        typer.echo(msgspec.json.encode([_row(one) for one in told]).decode())
        return
    table = Table("published", "version", "legal dates from", "files", "reason", box=None)
    for one in told:
        row = _row(one)
        style = "red" if row["refused"] else ""
        table.add_row(
            str(row["published_at"]),
            str(row["version"] or row["refused"]),
            str(row["covers_from"]),
            "\n".join(row["files"]),
            str(row["reason"]),
            style=style,
        )
    Console(highlight=False).print(table if told else "Nothing was published.")


def _row(one: Told) -> dict[str, Any]:
    at = datetime.fromtimestamp(one.record.timestamp_ms / 1000, UTC).isoformat(timespec="seconds")
    if isinstance(one.judged, RefusedLaw):
        refused = f"{one.judged.code}: {one.judged.text}"
        return dict.fromkeys(("version", "covers_from", "reason"), "") | {
            "published_at": at,
            "refused": refused,
            "files": [],
        }
    publication = one.judged.publication
    return {
        "published_at": at,
        "version": one.judged.book.version,
        "covers_from": publication.covers_from.isoformat(),
        "files": sorted(publication.files),
        "reason": publication.reason,
        "refused": "",
    }
