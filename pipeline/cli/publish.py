"""`greenlane publish`: a carrier's manifest files to the broker."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from pipeline.cli.files import read_file
from pipeline.cli.options import (
    BROKER_DEFAULT,
    FORMAT_DEFAULT,
    Broker,
    FormatName,
    TopicPrefix,
    broker_at,
    format_headers,
)
from pipeline.formats.dispatch import Headers
from pipeline.model import Severity
from pipeline.ops.partitions import topics_on
from pipeline.ops.topic_reader import TopicReader
from pipeline.sandbox.answers import Answers, answer_topics, collect_answers
from pipeline.sandbox.foreign_files import foreign_messages, is_foreign
from pipeline.sandbox.manifest_files import ManifestMessage, messages_of, read_manifests
from pipeline.sandbox.publisher import publish as publish_messages
from pipeline.settings import Settings
from pipeline.stream import connection


def publish(
    files: Annotated[
        list[Path],
        typer.Argument(help="JSON, JSON Lines or XML files; - reads standard input."),
    ],
    format_name: FormatName = FORMAT_DEFAULT,
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
    parcels_max: Annotated[
        int, typer.Option(min=1, help="Parcels in one message; a larger manifest is split.")
    ] = Settings().manifest_parcels_max,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for the acknowledgements; 0: do not.")
    ] = 0,
) -> None:
    """Publish manifests of files, and tell what became of them.

    For example:

        greenlane publish manifests.jsonl --wait 30

    Formats and how they are told apart stand in docs/formats.md. Large manifests in Greenlane's
    own format are split into parts below the message limit. All files are read and checked
    before anything is sent. Exit status: 0 if everything was sent (with --wait: and accepted),
    1 if the broker or intake refused something or did not answer, 2 if a file is unusable.
    """
    headers = format_headers(format_name)
    messages = [
        message
        for path in files
        for message in _messages(str(path), read_file(path), headers, parcels_max)
    ]
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if not asyncio.run(_publish(console, messages, broker_at(broker), topic_prefix, wait)):
        raise typer.Exit(1)


def _messages(
    name: str, text: bytes, headers: Headers, parcels_max: int
) -> Iterator[ManifestMessage]:
    if is_foreign(text, headers):
        yield from foreign_messages(name, text, headers)
        return
    for manifest in read_manifests(name, text):
        yield from messages_of(manifest, parcels_max=parcels_max)


async def _publish(
    console: Console,
    messages: Sequence[ManifestMessage],
    broker: connection.Broker,
    topic_prefix: str,
    wait_s: float,
) -> bool:
    """Send, and with a waiting time read the answers; whether all is well."""
    keys = [message.key for message in messages]
    topics = answer_topics(keys, await topics_on(broker, topic_prefix))
    reader = TopicReader(broker, topics, topic_prefix=topic_prefix)
    async with reader if wait_s else nullcontext():
        sent = await publish_messages(
            track(messages, "publishing", console=console), broker=broker, topic_prefix=topic_prefix
        )
        parcels = sum(message.parcels for message in messages)
        console.print(f"{parcels:,} parcels in {sent:,} messages are with the broker.")
        if not wait_s:
            return True
        answers = await collect_answers(reader, keys, wait_s)
    _tell(console, answers, wait_s)
    return answers.all_accepted


def _tell(console: Console, answers: Answers, wait_s: float) -> None:
    for answer in answers.acknowledgements:
        again = " (sent before)" if answer.duplicate else ""
        part = f" part {answer.part} of {answer.parts}" if answer.part else ""
        console.print(
            f"{answer.manifest_id}{part}: {answer.status}{again}, "
            f"{answer.accepted_parcels} accepted, {answer.rejected_parcels} rejected"
        )
        for fault in answer.faults:
            console.print(
                f"  {fault.severity}: {fault.parcel_id} {fault.pointer}: {fault.text}; "
                f"{fault.correction} [{fault.rule_id}]",
                style="red" if fault.severity is Severity.ERROR else "yellow",
            )
        if answer.faults_omitted:
            told = "told with the first answer" if answer.duplicate else "more"
            console.print(f"  {answer.faults_omitted} faults {told}")
    for letter in answers.unreadable:
        console.print(f"{letter.key}: {letter.error_text} [{letter.error_code}]", style="red")
    if answers.unanswered:
        console.print(
            f"{answers.unanswered} messages were not answered within {wait_s:g} seconds; "
            "does a worker run?",
            style="red",
        )
