"""The answer to a manifest message: accepted parcels, and faults with how to mend them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pipeline.intake.finding import Finding
from pipeline.intake.rules import DataRule
from pipeline.model import Acknowledgement, AcknowledgementStatus, Fault, Severity
from pipeline.model.manifest import ManifestBase

VALUE_CHARACTERS_MAX = 80


class ParcelFindings(NamedTuple):
    """What was found on one parcel; `index` is its place in the message."""

    index: int
    parcel_id: str
    findings: Sequence[Finding]
    explanation: str = ""


class Answer(NamedTuple):
    """An acknowledgement, with what the metrics want to know."""

    acknowledgement: Acknowledgement
    rejected_by_rule: Mapping[str, int]
    warnings_by_rule: Mapping[str, int]


def acknowledge(
    header: ManifestBase,
    *,
    announced: int,
    rejected: int,
    found: Sequence[ParcelFindings],
    rules: Mapping[str, DataRule],
    received_at: datetime,
    faults_max: int,
) -> Answer:
    """The acknowledgement of a message whose parcels were looked at one by one."""
    faults: list[Fault] = []
    omitted = 0
    rejected_by_rule: Counter[str] = Counter()
    warnings_by_rule: Counter[str] = Counter()
    for parcel in found:
        errors = [f for f in parcel.findings if rules[f.rule_id].severity is Severity.ERROR]
        if errors:
            rejected_by_rule[errors[0].rule_id] += 1
        for finding in parcel.findings:
            rule = rules[finding.rule_id]
            if rule.severity is Severity.WARNING:
                warnings_by_rule[finding.rule_id] += 1
            if len(faults) < faults_max:
                faults.append(_fault(rule, finding, parcel))
            else:
                omitted += 1
    return Answer(
        Acknowledgement(
            carrier=header.carrier,
            manifest_id=header.manifest_id,
            version=header.version,
            part=header.part,
            parts=header.parts,
            status=_status(announced, rejected, warnings=bool(warnings_by_rule)),
            received_at=received_at,
            announced_parcels=announced,
            accepted_parcels=announced - rejected,
            rejected_parcels=rejected,
            faults=faults,
            faults_omitted=omitted,
        ),
        rejected_by_rule,
        warnings_by_rule,
    )


def refuse(
    header: ManifestBase,
    finding: Finding,
    *,
    announced: int,
    rules: Mapping[str, DataRule],
    received_at: datetime,
) -> Answer:
    """The acknowledgement of a message that is refused as a whole."""
    rule = rules[finding.rule_id]
    acknowledgement = Acknowledgement(
        carrier=header.carrier,
        manifest_id=header.manifest_id,
        version=header.version,
        part=header.part,
        parts=header.parts,
        status=AcknowledgementStatus.REJECTED,
        received_at=received_at,
        announced_parcels=announced,
        accepted_parcels=0,
        rejected_parcels=announced,
        faults=[
            Fault(
                rule.id,
                rule.severity,
                finding.pointer,
                rule.text,
                rule.correction,
                value=shown(finding.value),
            )
        ],
    )
    return Answer(acknowledgement, {rule.id: announced}, {})


def shown(value: str) -> str:
    """A value as it may be shown: shortened, and without characters that act on a screen."""
    short = value[:VALUE_CHARACTERS_MAX] + ("..." if len(value) > VALUE_CHARACTERS_MAX else "")
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short)


def _fault(rule: DataRule, finding: Finding, parcel: ParcelFindings) -> Fault:
    text = f"{rule.text}: {parcel.explanation}" if parcel.explanation else rule.text
    return Fault(
        rule.id,
        rule.severity,
        f"/parcels/{parcel.index}{finding.pointer}",
        text,
        rule.correction,
        shown(parcel.parcel_id),
        shown(finding.value),
    )


def _status(announced: int, rejected: int, *, warnings: bool) -> AcknowledgementStatus:
    if rejected == announced:
        return AcknowledgementStatus.REJECTED
    if rejected:
        return AcknowledgementStatus.PARTLY_REJECTED
    if warnings:
        return AcknowledgementStatus.ACCEPTED_WITH_WARNINGS
    return AcknowledgementStatus.ACCEPTED
