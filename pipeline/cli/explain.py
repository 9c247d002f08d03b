"""`greenlane explain`: what a parcel owes, charge by charge, and on what that rests."""

import os
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.files import read_file
from pipeline.cli.options import AsJson, KnownOn
from pipeline.errors import InputFileError
from pipeline.model import Decision, Manifest, RevenueAssessment
from pipeline.model.explain import NOTHING_REASONS
from pipeline.revenue.assess import assess_revenue
from pipeline.revenue.compare import Difference, differences
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.vendors import vendor_register
from pipeline.sandbox.dry_run import read_messages
from pipeline.settings import read_settings

_decode_decision = msgspec.json.Decoder(Decision).decode
_decode_manifest = msgspec.json.Decoder(Manifest).decode


class Explained(msgspec.Struct, omit_defaults=True):
    """What is printed for machines."""

    parcel_id: str
    legal_date: str
    rule_book: str
    revenue: RevenueAssessment
    known_on: date | None = None
    differs_from_today: list[Difference] = []


def explain(
    file: Annotated[
        Path,
        typer.Argument(help="Manifests, or decisions as JSON Lines; - reads standard input."),
    ],
    parcel: Annotated[str, typer.Option(help="Id of the parcel.")],
    known_on: KnownOn = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a parcel owes: each amount with its formula, rule, version and legal basis.

    From a file of decisions what was decided is told. From a file of manifests the parcel is
    assessed by the law of its legal date; with --known-on by what was known of the law on that
    day, and what differs from today's knowledge is told too.

    For example:

        greenlane explain manifests.jsonl --parcel UE858184256CN
        greenlane explain sent.jsonl --parcel UE1CN --known-on 2026-02-17
        greenlane explain decisions.jsonl --parcel UE858184256CN --json
    """
    messages = list(read_messages(read_file(file)))
    found = next(_decided(messages, parcel), None)
    if found is not None and known_on is not None:
        raise typer.BadParameter("--known-on needs the manifest: a decision holds no parcel")
    if found is None:
        found = next(_assessed(messages, parcel, known_on), None)
    if found is None:
        raise InputFileError(f"{file}: there is no readable parcel {parcel} in it")
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _print(found)


def _decided(messages: Iterable[bytes], parcel_id: str) -> Iterator[Explained]:
    """The last decision on a parcel."""
    last: Decision | None = None
    for message in messages:
        try:
            decision = _decode_decision(message)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if decision.parcel_id == parcel_id:
            last = decision
    if last is not None:
        yield Explained(parcel_id, last.legal_date, last.versions.rule_book, last.revenue)


def _assessed(
    messages: Iterable[bytes], parcel_id: str, known_on: date | None
) -> Iterator[Explained]:
    book = load_rule_book()
    settings = read_settings(os.environ)
    on_account = settings.carriers_on_account()
    vendors = vendor_register(settings.vendor_register_file)
    for message in messages:
        try:
            manifest = _decode_manifest(message)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        country = manifest.destination_country
        day = book.legal_date(manifest.estimated_arrival_at, country)
        for parcel in manifest.parcels:
            if parcel.parcel_id != parcel_id:
                continue
            now, then = (
                assess_revenue(
                    parcel,
                    destination_country=country,
                    transport_mode=manifest.transport_mode,
                    legal_date=day,
                    book=book,
                    on_account=manifest.carrier in on_account,
                    vendors=vendors,
                    known_on=known,
                    exported_on=manifest.departure_at.date(),
                )
                for known in (None, known_on)
            )
            version, legal_date = book.version, day.isoformat()
            yield Explained(parcel_id, legal_date, version, then, known_on, differences(then, now))


def _print(found: Explained) -> None:
    console = Console(highlight=False, markup=False)
    revenue = found.revenue
    known = f", as known on {found.known_on}" if found.known_on else ""
    console.print(
        f"{found.parcel_id}: law of {found.legal_date}{known}, rule book {found.rule_book}",
        style="bold",
        soft_wrap=True,
    )
    exchange = f"; {revenue.exchange_rate}" if revenue.exchange_rate else ""
    console.print(
        f"goods {revenue.intrinsic_value} {revenue.currency}, customs value "
        f"{revenue.customs_value} {revenue.currency}{exchange}",
        soft_wrap=True,
    )
    console.print(_table(revenue))
    if revenue.estimated:
        console.print("This is an estimate.", style="yellow")
    for remark in revenue.remarks:
        console.print(f"- {remark}", soft_wrap=True)
    for one in found.differs_from_today:
        console.print(
            f"by today's knowledge {one.charge} differs: {one.before}, now {one.after}",
            style="yellow",
            soft_wrap=True,
        )


def _table(revenue: RevenueAssessment) -> Table:
    table = Table(box=None, show_footer=True)
    table.add_column("charge", footer="total")
    table.add_column("amount", str(revenue.total_due), justify="right")
    table.add_column("how", overflow="fold", footer=revenue.currency)
    table.add_column("rule, its version, legal basis", overflow="fold")
    for line in revenue.lines:
        ground = f"{line.rule_id} of {line.rule_version}\n  {line.legal_basis}"
        numbers = ", ".join(map(str, line.item_sequence_numbers))
        how = f"{line.formula}\n  items {numbers}" if numbers else line.formula
        table.add_row(line.charge or line.kind, str(line.amount), how, ground)
    for each in revenue.not_charged:
        ground = f"{each.rule_id} of {each.rule_version}\n  {each.legal_basis}"
        how = f"{NOTHING_REASONS[each.reason]}: {each.title}"
        table.add_row(each.charge, "0", how, ground)
    return table
