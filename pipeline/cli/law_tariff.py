"""`greenlane law tariff import`: official tariffs as tables of the rule book."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from pipeline.cli.options import day_of
from pipeline.errors import InputFileError
from pipeline.rulebook.tariff import read_tariff
from pipeline.tariffs.snapshot import (
    LeftOut,
    Rate,
    Snapshot,
    as_csv,
    followed,
    with_subheadings,
    without_doubles,
)
from pipeline.tariffs.taric import read_taric
from pipeline.tariffs.uk_trade_tariff import read_uk_trade_tariff
from pipeline.tariffs.usitc_hts import read_usitc_hts

KINDS_SHOWN_MAX = 25

app = typer.Typer(help="Official tariffs as tables of the rule book.", no_args_is_help=True)


class Format(StrEnum):
    """Formats that are read."""

    TARIC = "taric"
    UK = "uk-trade-tariff"
    US = "usitc-hts"


@app.callback()
def main() -> None:
    """Official tariffs as tables of the rule book."""


@app.command(name="import")
def import_tariff(
    files: Annotated[list[Path], typer.Argument(help="Files of one format, of one day.")],
    format_: Annotated[
        Format, typer.Option("--format", help="What the files are; docs/law.md says more.")
    ],
    to: Annotated[
        Path, typer.Option(metavar="FILE", help="Table to write, named as in law/tariffs/.")
    ],
    since: Annotated[
        date | None,
        typer.Option(
            "--from",
            parser=day_of,
            metavar="DAY",
            help="Since when the files hold: needed for usitc-hts, and with --after.",
        ),
    ] = None,
    after: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An earlier table, which holds until --from."),
    ] = None,
    left_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="List what is left out, line by line (CSV).")
    ] = None,
) -> None:
    """Turn an official tariff into a dated table of the rule book.

    Read is the duty on goods of every origin. What the table cannot say (preferences, quotas,
    anti-dumping, other units) is listed, never dropped in silence; a code whose rate is left out
    has none, and its parcels are estimates.

    For example:

        greenlane law tariff import duties.xlsx --format taric --to eu.tariff.csv
        greenlane law publish eu.tariff.csv --reason "TARIC of October"
    """
    if since is None and (after or format_ is Format.US):
        raise typer.BadParameter("--from must be given: since which day do the files hold?")
    console = Console(stderr=True, highlight=False)
    found = Snapshot([], [])
    for file in track(files, "reading", console=console, transient=True):
        one = _read(file, format_, since)
        found = Snapshot(found.rates + one.rates, found.left_out + one.left_out)
    found = without_doubles(found)
    rates = found.rates if format_ is Format.UK else with_subheadings(found)
    if after and since:
        rates = followed(_rates_of(after), rates, since)
    if not rates:
        raise InputFileError(f"{', '.join(map(str, files))}: there is no rate in it")
    _write(to, as_csv(rates))
    read_tariff(to)
    if left_out:
        _write(left_out, _listed(found.left_out))
    _tell(Console(highlight=False), to, rates, found.left_out)


def _read(file: Path, format_: Format, since: date | None) -> Snapshot:
    if format_ is Format.TARIC:
        return read_taric(file)
    if format_ is Format.UK:
        return read_uk_trade_tariff(file)
    return read_usitc_hts(file, since or date.min)


def _rates_of(table: Path) -> list[Rate]:
    rows = read_tariff(table).rows
    return [Rate(row.matched, row.goods, row.rate.text, row.start, row.until) for row in rows]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputFileError(f"{path} cannot be written: {error.strerror}") from error


def _listed(left_out: Sequence[LeftOut]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([LeftOut._fields, *left_out])
    return text.getvalue()


def _tell(console: Console, to: Path, rates: Sequence[Rate], left_out: Sequence[LeftOut]) -> None:
    console.print(f"{len(rates):,} rates are in {to}.")
    if not left_out:
        return
    kinds = Counter((one.why, _kind(one)) for one in left_out)
    table = Table("left out", "of", "why", box=None, title_justify="left")
    for (why, kind), count in kinds.most_common(KINDS_SHOWN_MAX):
        table.add_row(f"{count:,}", kind, why)
    console.print(table)
    if len(kinds) > KINDS_SHOWN_MAX:
        console.print(f"and {len(kinds) - KINDS_SHOWN_MAX:,} more kinds; --left-out lists all")
    codes = {one.code for one in left_out if one.is_rate}
    if codes:
        console.print(f"{len(codes):,} codes have no rate for that; their parcels are estimates.")


def _kind(one: LeftOut) -> str:
    """The measure without what is particular to one code."""
    return one.measure.partition(":")[0].partition(" for ")[0]
