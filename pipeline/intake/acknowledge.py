"""The answer to a manifest message: accepted parcels, and faults with how to mend them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pipeline.errors import ERROR_TEXTS
from pipeline.formats.canonical import EXPLANATION_CHARACTERS_MAX
from pipeline.formats.outcome import Decoded, Locate, Refusal
from pipeline.intake.finding import Finding
from pipeline.intake.measure import PartMeasure
from pipeline.intake.severities import Severities
from pipeline.model import Acknowledgement, AcknowledgementStatus, DataSet, Fault, Severity
from pipeline.model.manifest import ManifestBase
from pipeline.model.score import quality_of
from pipeline.model.text import shown
from pipeline.model.timeliness import TimelinessReport
from pipeline.rulebook.counterparts import counterparts_of


class Found(NamedTuple):
    """What was found on one parcel, or on the manifest as a whole."""

    position: int | None
    """Place of the parcel in the message; None: the manifest."""
    parcel_id: str
    findings: Sequence[Finding]
    explanation: str = ""


class Answer(NamedTuple):
    """An acknowledgement, with what the metrics want to know."""

    acknowledgement: Acknowledgement
    rejected_by_rule: Mapping[str, int]
    warnings_by_rule: Mapping[str, int]
    measured: PartMeasure | None = None
    """None: the parcels were not looked at one by one."""


def acknowledge(
    decoded: Decoded,
    *,
    rejected: int,
    found: Sequence[Found],
    severities: Severities,
    received_at: datetime,
    faults_max: int,
    timeliness: TimelinessReport | None = None,
    measured: PartMeasure | None = None,
) -> Answer:
    """The acknowledgement of a message whose parcels were looked at one by one."""
    header, announced, locate = decoded.header, len(decoded.parcels), decoded.locate
    rejected_by_rule: Counter[str] = Counter()
    warnings_by_rule: Counter[str] = Counter()
    errors: list[tuple[Finding, Found]] = []
    warnings: list[tuple[Finding, Found]] = []
    for one in found:
        before = len(errors)
        for finding in one.findings:
            if severities.refuses(finding):
                errors.append((finding, one))
            else:
                warnings.append((finding, one))
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
            faults=[_fault(severities, *fault, locate) for fault in faults[:faults_max]],
            faults_omitted=max(0, len(faults) - faults_max),
            rules_version=severities.rules.version,
            severity_overrides=severities.overrides,
            timeliness=timeliness,
            quality=quality_of(measured.total()) if measured else None,
            awaited_filings=_awaited(header, received_at) if rejected < announced else [],
        ),
        rejected_by_rule,
        warnings_by_rule,
        measured,
    )


def refuse(
    decoded: Decoded, error: Finding, severities: Severities, received_at: datetime
) -> Answer:
    """The acknowledgement of a message that is refused as a whole."""
    announced = len(decoded.parcels)
    answer = acknowledge(
        decoded,
        rejected=announced,
        found=[Found(None, "", [error])],
        severities=severities,
        received_at=received_at,
        faults_max=1,
    )
    return answer._replace(rejected_by_rule={error.rule_id: announced})


def refuse_message(
    carrier: str, key: bytes | None, why: Refusal, received_at: datetime
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
        faults=[Fault(why.code, Severity.ERROR, shown(why.where), why.text, correction)],
    )


def _fault(severities: Severities, finding: Finding, found: Found, locate: Locate) -> Fault:
    rule = severities.rules.by_id[finding.rule_id]
    parcel = "" if found.position is None else f"/parcels/{found.position}"
    # An explanation quotes the sender: names of fields, units.
    explanation = shown(found.explanation, EXPLANATION_CHARACTERS_MAX)
    return Fault(
        rule.id,
        severities.by_id[rule.id],
        locate(f"{parcel}{finding.pointer}"),
        f"{rule.text}: {explanation}" if explanation else rule.text,
        rule.correction,
        shown(found.parcel_id),
        shown(finding.value),
    )


def _awaited(header: ManifestBase, received_at: datetime) -> list[DataSet]:
    return list(counterparts_of(header.specific_circumstance, received_at.date()))


def _status(announced: int, rejected: int, *, warnings: bool) -> AcknowledgementStatus:
    if rejected == announced:
        return AcknowledgementStatus.REJECTED
    if rejected:
        return AcknowledgementStatus.PARTLY_REJECTED
    if warnings:
        return AcknowledgementStatus.ACCEPTED_WITH_WARNINGS
    return AcknowledgementStatus.ACCEPTED
