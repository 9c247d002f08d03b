"""Indicators of the data themselves: late, or with warnings."""

from collections.abc import Iterator
from datetime import timedelta

from pipeline.assess.rules import RiskRules
from pipeline.assess.subject import Indicator, Subject
from pipeline.model import ManifestHeader, RuleHit


def timing_indicators(rules: RiskRules) -> Indicator:
    """R13, R14. The time of issue counts, so that a dry run and the stream decide alike."""
    warned, late = rules.by_id["R13"], rules.by_id["R14"]
    long_flight = timedelta(hours=int(late.limits["long_flight_hours"]))
    before_arrival = timedelta(hours=int(late.limits["hours_before_arrival"]))

    def deadline_of(header: ManifestHeader) -> tuple[str, bool]:
        if header.estimated_arrival_at - header.departure_at < long_flight:
            return "departure", header.issued_at > header.departure_at
        deadline = header.estimated_arrival_at - before_arrival
        return "4 hours before arrival", header.issued_at > deadline

    def indicate(subject: Subject) -> Iterator[RuleHit]:
        header = subject.header
        name, passed = deadline_of(header)
        if passed:
            yield late.hit(f"issued at {header.issued_at.isoformat()}", name)
        if subject.warnings:
            yield warned.hit(", ".join(sorted(set(subject.warnings))), "no warning")

    return indicate
