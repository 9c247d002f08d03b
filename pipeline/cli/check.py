"""`greenlane check`: what would be refused in a carrier's files, without any broker."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import track

from pipeline.app import build_check
from pipeline.cli.files import read_file
from pipeline.cli.options import (
    FORMAT_DEFAULT,
    AsJson,
    FormatName,
    ReceivedAt,
    format_headers,
    in_utc,
)
from pipeline.errors import InputFileError
from pipeline.model import Acknowledgement, Fault, Severity
from pipeline.sandbox.checked import Checked, check_messages
from pipeline.sandbox.dry_run import read_messages
from pipeline.sandbox.manifest_files import as_published
from pipeline.settings import read_settings

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="JSON, JSON Lines or XML files; - reads standard input."
        ),
    ],
    format_name: FormatName = FORMAT_DEFAULT,
    received_at: ReceivedAt = None,
    as_json: AsJson = False,
) -> None:
    """Tell what would be refused in manifests, and how to mend it, without sending them.

    For example:

        greenlane check manifests.jsonl
        greenlane check declaration.xml items.json
        greenlane check --json manifests.jsonl > checked.json

    Formats and how they are told apart stand in docs/formats.md. The data rules of this release
    judge, as in a worker; `greenlane rules` explains them. Large manifests are split as
    `greenlane publish` splits them. A worker also knows what was sent before. Exit status: 0 if
    everything would be accepted, perhaps with warnings, 1 if anything would be refused, 2 if the
    call was unusable.
    """
    headers, received = format_headers(format_name), in_utc(received_at)
    settings = read_settings(os.environ)
    stream = build_check(settings)
    progress = Console(stderr=True)
    checked: list[tuple[Path, Checked]] = []
    for file in files:
        messages = list(read_messages(read_file(file)))
        if not messages:
            raise InputFileError(f"{file}: there is no manifest in it")
        published = list(as_published(messages, parcels_max=settings.manifest_parcels_max))
        told = track(
            check_messages(stream, published, headers, received),
            description=str(file),
            total=len(published),
            console=progress,
            transient=True,
            disable=not progress.is_terminal,
        )
        checked += [(file, one) for one in told]
    if as_json:
        _print_json(checked)
    else:
        _print_text(checked)
    if any(one.refused for _, one in checked):
        raise typer.Exit(1)


def _print_json(checked: Iterable[tuple[Path, Checked]]) -> None:
    messages = [{"file": str(file), **one.as_json()} for file, one in checked]
    document = {
        "refused": any(message["refused"] for message in messages),
        "messages": messages,
    }
    typer.echo(orjson.dumps(document).decode())


def _print_text(checked: Iterable[tuple[Path, Checked]]) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    parcels = accepted = unreadable = 0
    for file, one in checked:
        answer = one.acknowledgement
        if answer is None:
            unreadable += 1
            console.print(f"{file}, message {one.message}: cannot be read", style="red")
            console.print(f"  {one.error_text} [{one.error_code}]\n")
            continue
        parcels += answer.announced_parcels
        accepted += answer.accepted_parcels
        _print_answer(console, f"{file}, message {one.message}", answer)
    cannot = f", {unreadable} messages cannot be read" if unreadable else ""
    console.print(
        f"{accepted} of {parcels} parcels would be accepted, {parcels - accepted} refused{cannot}."
    )


def _print_answer(console: Console, place: str, answer: Acknowledgement) -> None:
    status = answer.status.replace("_", " ")
    repeated = ", a repeat of an earlier one" if answer.duplicate else ""
    console.print(
        f"{place}: {answer.manifest_id}, part {answer.part} of {answer.parts}: {status}{repeated}, "
        f"{answer.accepted_parcels} of {answer.announced_parcels} parcels",
        style="bold",
    )
    for fault in answer.faults:
        _print_fault(console, fault)
    if answer.faults_omitted:
        console.print(f"  and {answer.faults_omitted} more faults")
    if answer.faults or answer.faults_omitted:
        console.print()


def _print_fault(console: Console, fault: Fault) -> None:
    value = f' "{fault.value}"' if fault.value else ""
    parcel = f" parcel {fault.parcel_id}," if fault.parcel_id else ""
    console.print(
        f"  {fault.severity} {fault.rule_id}:{parcel} {fault.pointer or '/'}{value}",
        style=STYLES[fault.severity],
    )
    console.print(f"    {fault.text}")
    console.print(f"    to mend it: {fault.correction}")
