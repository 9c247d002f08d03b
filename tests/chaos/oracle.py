"""The oracle: reads everything that was committed, by itself, and says what is wrong."""

from collections import defaultdict
from collections.abc import Sequence

from tests.chaos.checker import check
from tests.chaos.findings import Findings
from tests.chaos.load import Sent
from tests.chaos.reader import OpenTransactionError, Read, read_all
from tests.chaos.stuck import committed_offsets

INNER_TOPICS = ("parcels", "assessments", "reversals", "filings", "measurements")
TOPICS = (
    "manifests",
    "acknowledgements",
    "parcels",
    "assessments",
    "measurements",
    "release",
    "inspection",
    "revenue",
    "inspections",
    "payments",
    "movements",
    "filings",
    "cancellations",
    "reversals",
    "notices",
    "dead-letters",
    "intake-changelog",
    "assess-changelog",
    "decide-changelog",
    "accounts",
    "account-requests",
    "account-slices",
    "accounts-changelog",
    "score-changelog",
)


async def examine(broker: str, topic_prefix: str, group_id: str, sent: Sequence[Sent]) -> Findings:
    """Read an installation that is at rest, and check it."""
    records: defaultdict[str, list[Read]] = defaultdict(list)
    still_open = ""
    try:
        async for record in read_all(broker, topic_prefix, TOPICS):
            # Of the envelopes only their places are needed, and they are half of all bytes.
            kept = record._replace(value=None) if record.topic in INNER_TOPICS else record
            records[record.topic].append(kept)
    except OpenTransactionError as error:
        still_open = str(error)
    offsets = {
        (place.topic[len(topic_prefix) :], place.partition): offset
        for place, offset in (await committed_offsets(broker, group_id)).items()
    }
    findings = check(sent, records, offsets)
    if still_open:
        findings.add("torn", 1, f"a transaction stays open: {still_open}")
    return findings
