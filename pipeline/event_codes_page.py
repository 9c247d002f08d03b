"""The page of `docs/` on what the trade's code lists call our results, from their dated table."""

from collections.abc import Iterator

from pipeline.intake.bounded import ACKNOWLEDGEMENT_BYTES_MAX
from pipeline.rulebook.event_codes import CodeTable, load_code_tables

INTRO = """\
Every manifest message is answered on `acknowledgements`, or on the carrier's own topic: status,
counts, and each fault with rule, place (JSON pointer or XPath into the sender's document), value,
text and correction. The answer names manifest, version and part, and echoes the conversation: the
Kafka header `conversation-id` of the message, else the field of its format (`conversation_id`,
`conversationId`). At most `GREENLANE_ACKNOWLEDGEMENT_FAULTS_MAX` faults are told, errors first, and
no more than fit into {bytes_max:,} bytes; `faults_omitted` counts the rest. The schema:
[Acknowledgement.v1.json](../topics/schemas/Acknowledgement.v1.json).

A repeat of the same bytes gets the first answer again, marked `duplicate`, in the conversation it
came in. A new conversation id belongs into the header: within the content it would make another
content under the same version (DQ02).

Beside our own words an acknowledgement has the codes of the trade (`codes`), by the table that held
on the day of receipt. The outcomes stand here too, for those who translate decisions.
"""


def event_codes_page(note: str) -> str:
    """All tables, the newest first."""
    intro = INTRO.format(bytes_max=ACKNOWLEDGEMENT_BYTES_MAX)
    lines = ["# Acknowledgements and their codes", "", note, "", intro]
    for table in reversed(load_code_tables()):
        lines += _table(table)
    return "\n".join(lines)


def _table(table: CodeTable) -> Iterator[str]:
    yield f"## From {table.valid_from}"
    yield ""
    yield "| result | meaning | EDIFACT 7365 | ICS2 | UPU |\n|---|---|---|---|---|"
    for codes in table.events:
        shown = (codes.edifact_7365, codes.ics2, codes.upu)
        cells = " | ".join(f"`{code}`" if code else "none" for code in shown)
        yield f"| `{codes.event}` | {codes.meaning} | {cells} |"
    yield ""
    for known in table.lists:
        yield f"- `{known.name}`: {known.title}. Source ({known.status.value}): {known.source}."
    yield ""
