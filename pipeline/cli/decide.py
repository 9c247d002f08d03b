"""`greenlane decide`: a dry run of the rooms on a file."""

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import track

from pipeline.app import build_dry_run
from pipeline.cli.files import read_file
from pipeline.cli.options import (
    FORMAT_DEFAULT,
    FormatName,
    ReceivedAt,
    format_headers,
    in_utc,
)
from pipeline.errors import InputFileError
from pipeline.model import Acknowledgement
from pipeline.sandbox.dry_run import DryRun, read_messages, run_dry
from pipeline.sandbox.manifest_files import as_published
from pipeline.settings import read_settings


def decide(
    file: Annotated[
        Path,
        typer.Argument(help="JSON, JSON Lines or XML file; - reads standard input."),
    ],
    format_name: FormatName = FORMAT_DEFAULT,
    acknowledgements: Annotated[
        bool, typer.Option(help="Print the acknowledgements too, before the decisions.")
    ] = False,
    received_at: ReceivedAt = None,
) -> None:
    """Try manifests without any broker: decisions as JSON Lines, faults in words.

    For example:

        greenlane simulate --parcels 200 --seed 7 --output manifests.jsonl
        greenlane decide manifests.jsonl > decisions.jsonl
        greenlane decide declaration.xml --received-at 2026-07-06

    Formats and how they are told apart stand in docs/formats.md. The same rooms as in a worker
    run on the file, and large manifests are split as `greenlane publish` splits them. Messages
    count as received when they say they were issued, so the same file always gives the same
    bytes. Decisions go to standard output, ordered by outcome; faults go to standard error. Exit
    status: 0 if everything was accepted, 1 if anything was refused, 2 if the call was unusable.
    """
    messages = list(read_messages(read_file(file)))
    if not messages:
        raise InputFileError(f"{file}: there is no manifest in it")
    settings = read_settings(os.environ)
    published = list(as_published(messages, parcels_max=settings.manifest_parcels_max))
    console = Console(stderr=True)
    watched = track(
        published, "deciding", console=console, transient=True, disable=not console.is_terminal
    )
    dry_run = run_dry(
        build_dry_run(settings),
        watched,
        headers=format_headers(format_name),
        received_at=in_utc(received_at),
    )
    lines = [*(dry_run.acknowledgements if acknowledgements else []), *dry_run.decisions]
    sys.stdout.buffer.writelines(line + b"\n" for line in lines)
    sys.stdout.flush()
    if _tell_faults(dry_run):
        raise typer.Exit(1)


def _tell_faults(dry_run: DryRun) -> bool:
    """Print what was refused and warned of; whether anything was refused."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    refused = False
    for line in dry_run.acknowledgements:
        answer = msgspec.json.decode(line, type=Acknowledgement)
        refused = refused or answer.rejected_parcels > 0
        for fault in answer.faults:
            console.print(
                f"{fault.severity}: {answer.manifest_id} {fault.parcel_id} {fault.pointer}: "
                f"{fault.text} [{fault.rule_id}]. To mend it: {fault.correction}",
                style="red" if fault.severity == "error" else "yellow",
            )
        if answer.faults_omitted:
            console.print(f"{answer.manifest_id}: {answer.faults_omitted} more faults")
    for letter in dry_run.dead_letters:
        headers = dict(letter.headers)
        text = headers["error_text"].decode()
        console.print(f"unreadable: message {letter.offset + 1}: {text}", style="red")
        refused = True
    return refused
