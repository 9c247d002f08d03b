"""The answer to a manifest message: accepted parcels, and faults with how to mend them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pipeline.errors import ERROR_TEXTS
from pipeline.intake.decode import Undecodable
from pipeline.intake.finding import Finding, shown
from pipeline.intake.rules import DataRule
from pipeline.model import Acknowledgement, AcknowledgementStatus, Fault, Severity
from pipeline.model.manifest import ManifestBase


class ParcelFindings(NamedTuple):
    """What was found on one parcel; `position` is its place in the message."""

    position: int
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
    rejected_by_rule: Counter[str] = Counter()
    warnings_by_rule: Counter[str] = Counter()
    errors: list[tuple[Finding, ParcelFindings]] = []
    warnings: list[tuple[Finding, ParcelFindings]] = []
    for parcel in found:
        before = len(errors)
        for finding in parcel.findings:
            if rules[finding.rule_id].severity is Severity.ERROR:
                errors.append((finding, parcel))
            else:
                warnings.append((finding, parcel))
                warnings_by_rule[finding.rule_id] += 1
        rejected_by_rule.update(finding.rule_id for finding, _ in errors[before : before + 1])
    # Errors first: a carrier must see why parcels were refused before what may be improved.
    faults = [*errors, *warnings]
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
            faults=[_fault(rules[f.rule_id], f, parcel) for f, parcel in faults[:faults_max]],
            faults_omitted=max(0, len(faults) - faults_max),
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


def refuse_message(
    carrier: str, key: bytes | None, why: Undecodable, received_at: datetime
) -> Acknowledgement:
    """The answer to a message that went to the dead letters, where its sender is known.

    Its parcels are counted there, so they are not counted here.
    """
    correction = ERROR_TEXTS[why.code].partition("; ")[2]
    return Acknowledgement(
        carrier=carrier,
        manifest_id=shown((key or b"").partition(b"/")[2].decode(errors="replace")),
        version=0,
        part=0,
        parts=0,
        status=AcknowledgementStatus.REJECTED,
        received_at=received_at,
        announced_parcels=0,
        accepted_parcels=0,
        rejected_parcels=0,
        faults=[Fault(why.code, Severity.ERROR, "", why.text, correction)],
    )


def _fault(rule: DataRule, finding: Finding, parcel: ParcelFindings) -> Fault:
    text = f"{rule.text}: {parcel.explanation}" if parcel.explanation else rule.text
    return Fault(
        rule.id,
        rule.severity,
        f"/parcels/{parcel.position}{finding.pointer}",
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
