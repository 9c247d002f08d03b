"""The checker: from what was sent and what stands on the topics to what is wrong. Pure."""

from collections.abc import Mapping, Sequence

from tests.chaos.accounts import Accounts, Records
from tests.chaos.events import check_events, check_feedback
from tests.chaos.findings import Findings
from tests.chaos.lifecycle import check_lifecycle
from tests.chaos.load import Sent
from tests.chaos.torn import check_memories, check_positions

Offsets = Mapping[tuple[str, int], int]
"""The group's committed offsets by logical topic and partition."""


def check(sent: Sequence[Sent], records: Records, offsets: Offsets) -> Findings:
    """Everything that is wrong.

    Args:
        sent: what the broker acknowledged to the senders.
        records: all committed records by logical topic, in order within each partition.
        offsets: of the workers' group.
    """
    findings = Findings()
    accounts = Accounts(records, findings)
    accounts.close()
    events = check_events(records, findings)
    check_feedback(records, accounts.letters, events, findings)
    lifecycle = check_lifecycle(records, accounts.letters, events, findings)
    check_memories(records, accounts, events, lifecycle, findings)
    check_positions(records, offsets, findings)
    _check_acknowledged(sent, records, findings)
    return findings


def _check_acknowledged(sent: Sequence[Sent], records: Records, findings: Findings) -> None:
    """What the broker acknowledged must stand where it said."""
    there = {
        (topic, record.partition, record.offset): (record.key, record.value)
        for topic in {message.topic for message in sent}
        for record in records.get(topic, ())
    }
    for message in sent:
        place = (message.topic, message.partition, message.offset)
        if there.get(place) != (message.key, message.value):
            example = (
                f"acknowledged, but not on {message.topic}-{message.partition}@{message.offset}"
            )
            findings.add("lost", max(1, message.parcels), example)
