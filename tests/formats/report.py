"""What becomes of the UK's 671 sample messages: writes docs/uk-declarations.md.

python -m tests.formats.report
"""

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipeline.formats.dispatch import decode
from pipeline.formats.message import key_of
from pipeline.formats.outcome import BadParcel, Decoded, Outcome, Refusal
from pipeline.model import Acknowledgement, Parcel
from tests.data import data_file
from tests.intake.intake import Intake

PAGE = Path(__file__).parents[2] / "docs" / "uk-declarations.md"
INTRO = """\
# The UK's sample messages

<!-- Made by `python -m tests.formats.report`; do not edit. -->

HM Revenue & Customs publishes annotated sample messages of its declaration service
(`hmrc/customs-declarations`, folder `annotated_XML_samples`, commit 3d05836, Apache-2.0). This
page says what becomes of each of them: converted to the canonical manifest, with all fields of
[formats.md](formats.md#wco-declaration), or refused with a code and a reason. Whether a converted
declaration is accepted is then for the data rules ([rules.md](rules.md)): they refuse, for
instance, goods without a value. The samples are drafts for testing, with placeholders in many
fields.
"""


class Sample(NamedTuple):
    """One message, and what became of it."""

    name: str
    xml: bytes
    outcome: Outcome


@cache
def samples() -> Sequence[Sample]:
    """All messages, decoded."""
    with gzip.open(data_file("uk_cds_sample_messages.json.gz")) as file:
        found = json.load(file)
    messages = ((sample["name"], sample["xml"].encode()) for sample in found)
    return [Sample(name, xml, decode(xml)) for name, xml in messages]


def converted() -> list[tuple[str, bytes, Parcel]]:
    """The declarations that became manifests."""
    return [
        (sample.name, sample.xml, sample.outcome.parcels[0])
        for sample in samples()
        if isinstance(sample.outcome, Decoded) and isinstance(sample.outcome.parcels[0], Parcel)
    ]


def page() -> str:
    """The page of docs/."""
    return "\n".join([INTRO, *_totals(), *_lacks(), *_judged(), *_refusals(), ""])


def _totals() -> Iterator[str]:
    outcomes = Counter(_kind(sample.outcome) for sample in samples())
    yield "| what became of it | messages |\n|---|---:|"
    for kind, count in sorted(outcomes.items()):
        yield f"| {kind} | {count} |"
    yield f"| all | {outcomes.total()} |\n"


def _lacks() -> Iterator[str]:
    parcels = [parcel for _, _, parcel in converted()]
    items = [item for parcel in parcels for item in parcel.items]
    yield f"The {len(parcels)} converted declarations have {len(items)} goods items. They lack:\n"
    yield "| what | how many |\n|---|---:|"
    for what, lacking in (
        ("declarations without any amount", [p for p in parcels if not p.currency]),
        ("declarations without gross mass", [p for p in parcels if p.gross_mass_kg is None]),
        ("declarations without exporter", [p for p in parcels if not _is_named(p, "consignor")]),
        ("declarations without importer", [p for p in parcels if not _is_named(p, "consignee")]),
        ("goods items without description", [i for i in items if not i.description]),
        ("goods items without commodity code", [i for i in items if not i.commodity_code]),
        ("goods items without value", [i for i in items if i.intrinsic_value is None]),
        ("goods items without packages", [i for i in items if not i.packages]),
    ):
        yield f"| {what} | {len(lacking)} |"
    yield ""


def _is_named(parcel: Parcel, party: str) -> bool:
    found = parcel.consignor if party == "consignor" else parcel.consignee
    return bool(found.name or found.identification)


def answers() -> Iterator[Acknowledgement]:
    """What intake says of each converted declaration, as if it were the only one."""
    for sample in samples():
        if isinstance(sample.outcome, Decoded):
            intake = Intake()
            intake.publish(sample.xml, key=key_of(sample.outcome.header).encode())
            yield from intake.acknowledgements


def _judged() -> Iterator[str]:
    judged = list(answers())
    accepted = sum(answer.accepted_parcels for answer in judged)
    yield "## By the data rules\n"
    yield f"Of the {len(judged)} declarations {accepted} are accepted. The rules they break:\n"
    yield "| rule | severity | declarations |\n|---|---|---:|"
    broken = Counter(
        rule for answer in judged for rule in {(f.rule_id, str(f.severity)) for f in answer.faults}
    )
    for (rule_id, severity), count in sorted(broken.items()):
        yield f"| {rule_id} | {severity} | {count} |"
    yield ""


def _refusals() -> Iterator[str]:
    refusals = [(s.name, s.outcome) for s in samples() if isinstance(s.outcome, Refusal)]
    yield "## Refused\n"
    yield "| code | reason | messages | for instance |\n|---|---|---:|---|"
    for (code, reason), names in sorted(_by_reason(refusals).items()):
        yield f"| `{code}` | {reason} | {len(names)} | {names[0]} |"
    yield ""


def _by_reason(refusals: Iterable[tuple[str, Refusal]]) -> dict[tuple[str, str], list[str]]:
    """Names of messages by code and reason; the numbers of declarations make no difference."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, refusal in refusals:
        reason = " ".join(refusal.detail.split(" declaration ")[0].split())
        found.setdefault((refusal.code.value, reason), []).append(name)
    return found


def _kind(outcome: Outcome) -> str:
    if isinstance(outcome, Refusal):
        return f"refused: `{outcome.code}`"
    if isinstance(outcome, Decoded) and not isinstance(outcome.parcels[0], BadParcel):
        return "converted"
    return "with a fault of its form"


if __name__ == "__main__":
    sys.exit(PAGE.write_text(page(), encoding="utf-8") == 0)
