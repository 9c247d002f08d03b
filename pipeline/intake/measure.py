"""What one manifest message says of its carrier, its origins and its platforms."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from zlib import crc32

from pipeline.intake.completeness import Completeness
from pipeline.intake.finding import Finding
from pipeline.intake.severities import Severities
from pipeline.intake.timeliness import is_late
from pipeline.model import Acknowledgement, Parcel
from pipeline.model.score import (
    PERCENT,
    Counts,
    Measurement,
    ParcelQuality,
    SubjectKind,
    subject_key,
)
from pipeline.reference.codes import country_names
from pipeline.rulebook.scores import load_score_tables, table_on
from pipeline.stream import Outbox

MEASUREMENTS = "measurements"
NAMES_MAX = 20
"""Origins, and platforms, told apart in one message: those with most parcels."""

Group = tuple[str, str]
"""Origin and platform; empty where there is none."""


class PartMeasure:
    """Scores the parcels of one message and sums them up by origin and platform."""

    def __init__(self, severities: Severities, on: date) -> None:
        self._severities = severities
        self._completeness = _completeness_on(on)
        self._penalties = table_on(on, load_score_tables()).penalties_percent
        self._groups: defaultdict[Group, Counts] = defaultdict(Counts)

    def add(self, parcel: Parcel, findings: Sequence[Finding], *, refused: bool) -> ParcelQuality:
        """One parcel, with what counts of what was found."""
        counts = self._groups[parcel.consignor.address.country, parcel.platform]
        quality = ParcelQuality(
            self._completeness(parcel),
            self._validity(findings, counts.faults) if findings else PERCENT,
        )
        counts.parcels += 1
        counts.rejected += refused
        counts.scored += 1
        counts.completeness += quality.completeness
        counts.validity += quality.validity
        counts.score += quality.score
        return quality

    def add_malformed(self, finding: Finding) -> None:
        """One that could not be read: neither complete nor valid."""
        self._groups["", ""].add(Counts(1, 1, scored=1, faults={finding.rule_id: 1}))

    def total(self) -> Counts:
        """Of all parcels."""
        total = Counts()
        for counts in self._groups.values():
            total.add(counts)
        return total

    def by(self, kind: SubjectKind) -> Mapping[str, Counts]:
        """By origin or platform, without parcels that have none."""
        found: defaultdict[str, Counts] = defaultdict(Counts)
        for (origin, platform), counts in self._groups.items():
            name = origin if kind is SubjectKind.ORIGIN else " ".join(platform.casefold().split())
            if name and (kind is SubjectKind.PLATFORM or name in country_names()):
                found[name].add(counts)
        most = sorted(found, key=lambda name: (-found[name].parcels, name))[:NAMES_MAX]
        return {name: found[name] for name in most}

    def _validity(self, findings: Sequence[Finding], faults: dict[str, int]) -> int:
        penalty = 0
        for finding in findings:
            penalty += self._penalties[self._severities.by_id[finding.rule_id]]
            faults[finding.rule_id] = faults.get(finding.rule_id, 0) + 1
        return max(0, PERCENT - penalty)


def measure(answer: Acknowledgement, part: PartMeasure | None) -> Iterator[Measurement]:
    """The measurements of a message that is no repeat.

    One that is refused as a whole (without `part`) counts for its carrier, unscored: its parcels
    were not looked at.
    """
    received_at_ms = int(answer.received_at.timestamp() * 1000)
    late = answer.timeliness is not None and is_late(answer.timeliness)
    if part is None:
        parcels = answer.announced_parcels
        faults = {fault.rule_id: parcels for fault in answer.faults}
        refused = Counts(parcels, parcels, faults=faults)
        yield Measurement(SubjectKind.CARRIER, answer.carrier, received_at_ms, refused)
        return
    found = {SubjectKind.CARRIER: {answer.carrier: part.total()}}
    for kind in (SubjectKind.ORIGIN, SubjectKind.PLATFORM):
        found[kind] = dict(part.by(kind))
    for kind, by_name in found.items():
        for name, counts in by_name.items():
            counts.late = counts.parcels if late else 0
            yield Measurement(kind, name, received_at_ms, counts)


def enclose_measurements(measurements: Iterator[Measurement], outbox: Outbox) -> None:
    """Send each to the partition that remembers its subject."""
    partitions = outbox.partitions_of(MEASUREMENTS)
    for one in measurements:
        partition = crc32(subject_key(one.kind, one.name).encode(errors="replace")) % partitions
        outbox.enclose(MEASUREMENTS, partition, one)


@lru_cache(maxsize=16)
def _completeness_on(on: date) -> Completeness:
    return Completeness(table_on(on, load_score_tables()).elements)
