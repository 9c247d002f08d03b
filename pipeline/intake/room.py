"""The intake room: decode, check, acknowledge, send accepted parcels on."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from zlib import crc32

import msgspec

from pipeline.errors import ErrorCode
from pipeline.formats.message import decode_manifest
from pipeline.formats.outcome import BadParcel, Decoded, Refusal
from pipeline.intake.acknowledge import Answer, Found, acknowledge, refuse, refuse_message
from pipeline.intake.check import ParcelChecks
from pipeline.intake.check_manifest import ManifestCheck
from pipeline.intake.circumstances import circumstances_of
from pipeline.intake.filing import (
    FILINGS,
    acknowledge_filing,
    encode_filings,
    take_in_filing,
)
from pipeline.intake.finding import Finding
from pipeline.intake.inherit import inherited_by
from pipeline.intake.measure import MEASUREMENTS, PartMeasure, enclose_measurements, measure
from pipeline.intake.parts import Entry, Memory, PartsCount, PartsDue
from pipeline.intake.publish import conversation_of, publish_acknowledgement
from pipeline.intake.rules import DataRules
from pipeline.intake.severities import Severities, severities_of
from pipeline.intake.state import ManifestSeen, PartSeen
from pipeline.intake.templates import TemplateFinder
from pipeline.intake.timeliness import timeliness_of
from pipeline.model import (
    Acknowledgement,
    Announced,
    ManifestNoted,
    PartialFiling,
    consignee_key,
    manifest_key,
)
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.model.manifest import ManifestBase
from pipeline.rulebook.book import RuleBook
from pipeline.rulebook.lifecycle import load_deadlines
from pipeline.rulebook.shelf import Shelf
from pipeline.settings import Settings
from pipeline.stream import Outbox, Record

MANIFESTS_REMEMBERED_MS = 30 * 24 * 3_600_000
"""A repeat within 30 days is recognised: longer than messages are kept for carriers to re-send."""

COUNT_DIGITS_MAX = 9

_encode_envelope = msgspec.msgpack.Encoder().encode


class IntakeRoom:
    """First room. Key of its work: carrier and manifest."""

    name = "intake"
    state_type = Entry
    enclosers = {  # noqa: RUF012 - never changed
        "parcels": _encode_envelope,
        FILINGS: encode_filings,
        MEASUREMENTS: _encode_envelope,
    }

    def __init__(self, settings: Settings, rules: DataRules, law: Shelf) -> None:
        self._topics = CarrierTopics(settings.carriers_apart())
        self.inputs = self._topics.manifests
        self.outputs = (*self._topics.acknowledgements, *self._topics.notices, "dead-letters")
        self._parts = PartsCount(self._topics, load_deadlines())
        self._parcels_max = settings.manifest_parcels_max
        self._faults_max = settings.acknowledgement_faults_max
        self._severities_now = severities_of(settings.severity_file, rules)
        self._law = law
        self._check_manifest = ManifestCheck(rules)
        self._check_parcel = ParcelChecks(rules, settings.description_words_min)
        self._templates = TemplateFinder(rules)

    def work(self, record: Record, state: Memory, outbox: Outbox) -> None:
        """Work on one manifest message: one acknowledgement, or one dead letter."""
        decoded = decode_manifest(
            record.key, record.value, record.headers, parcels_max=self._parcels_max
        )
        if isinstance(decoded, Refusal):
            parcels = announced_in_headers(record, self._parcels_max)
            self._set_aside(decoded, parcels, record, outbox)
            return
        header = decoded.header
        parcels = len(decoded.parcels) if isinstance(decoded, Decoded) else 0
        if not self._topics.is_sender(header.carrier, record.topic):
            forged = Refusal(ErrorCode.CARRIER_MISMATCH, f"it names {header.carrier!r}")
            self._set_aside(forged, parcels, record, outbox)
            return
        if isinstance(decoded, PartialFiling):
            self._file(decoded, record, outbox)
            return
        key = manifest_key(header.carrier, header.manifest_id)
        entry = state.get(key)
        seen = entry if isinstance(entry, ManifestSeen) else None
        conversation_id = conversation_of(record, header.conversation_id)
        digest = blake2b(record.value or b"", digest_size=16).digest()
        part = _repeated(header, digest, seen)
        if part:
            self._answer(self._repeat(header, part), conversation_id, outbox)
            return
        severities = self._severities_now()
        received_at = _instant(record.timestamp_ms)
        findings = severities.that_count(
            self._check_manifest(header, parcels, digest, seen, received_at)
        )
        error = next(filter(severities.refuses, findings), None)
        if error:
            refused = refuse(decoded, error, severities, received_at)
            self._answer(refused, conversation_id, outbox)
            return
        published = self._law.at(record.timestamp_ms)
        answer = self._take_in(decoded, findings, severities, received_at, published, outbox)
        self._answer(answer, conversation_id, outbox)
        now_ms = record.timestamp_ms
        with_it = _with_part(header, _part_seen(digest, answer.acknowledgement, record), seen)
        state.put(key, with_it, expires_at_ms=now_ms + MANIFESTS_REMEMBERED_MS)
        self._parts.note_part(key, seen, with_it, now_ms, state, outbox)

    def _file(self, filing: PartialFiling, record: Record, outbox: Outbox) -> None:
        take_in_filing(filing, outbox)
        version = self._severities_now().rules.version
        told = acknowledge_filing(filing, version, _instant(record.timestamp_ms))
        conversation_id = conversation_of(record, filing.header.conversation_id)
        publish_acknowledgement(told, conversation_id, self._topics, outbox)
        _note(Answer(told, {}, {}), outbox)

    def lapse(self, key: str, value: Entry, state: Memory, outbox: Outbox) -> None:
        """Work on a manifest whose parts should have come by now; others are just forgotten."""
        if isinstance(value, PartsDue):
            self._parts.fall_due(key, value, state, outbox)

    def _take_in(
        self,
        decoded: Decoded,
        about_manifest: Sequence[Finding],
        severities: Severities,
        received_at: datetime,
        published: RuleBook,
        outbox: Outbox,
    ) -> Answer:
        header = decoded.header
        parcels = [parcel for parcel in decoded.parcels if not isinstance(parcel, BadParcel)]
        timeliness = timeliness_of(header)
        inherited = inherited_by(header, received_at, timeliness.timeliness)
        circumstances = circumstances_of(
            inherited, frozenset(header.itinerary), self._templates.find(parcels), published
        )
        manifest_warnings = [finding.rule_id for finding in about_manifest]
        partitions = outbox.partitions_of("parcels")
        found = [Found(None, "", about_manifest)] if about_manifest else []
        measured = PartMeasure(severities, received_at.date())
        rejected = 0
        ids: set[str] = set()
        for index, parcel in enumerate(decoded.parcels):
            if isinstance(parcel, BadParcel):
                rejected += 1
                finding = self._check_parcel.of_malformed(parcel)
                measured.add_malformed(finding)
                found.append(Found(index, parcel.parcel_id, [finding], parcel.explanation))
                continue
            findings = self._check_parcel(parcel, circumstances)
            if parcel.parcel_id in ids:
                findings.append(Finding("DQ04", "/parcel_id", parcel.parcel_id))
            ids.add(parcel.parcel_id)
            warnings, refused = manifest_warnings, False
            if findings:
                findings = severities.that_count(findings)
                found.append(Found(index, parcel.parcel_id, findings))
                refused = any(map(severities.refuses, findings))
                warnings = [*manifest_warnings, *(finding.rule_id for finding in findings)]
            quality = measured.add(parcel, findings, refused=refused)
            if refused:
                rejected += 1
                continue
            partition = crc32(consignee_key(parcel.consignee).encode()) % partitions
            outbox.enclose("parcels", partition, Announced(inherited, parcel, warnings, quality))
        return acknowledge(
            decoded,
            rejected=rejected,
            found=found,
            severities=severities,
            received_at=received_at,
            faults_max=self._faults_max,
            timeliness=timeliness,
            measured=measured,
        )

    def _set_aside(self, why: Refusal, parcels: int, record: Record, outbox: Outbox) -> None:
        """To the dead letters; on a topic of its own, the carrier is told."""
        outbox.dead_letter(record, why.code, why.text, headers=[("parcels", b"%d" % parcels)])
        owner = self._topics.owner_of(record.topic)
        if owner:
            answer = refuse_message(owner, record.key, why, _instant(record.timestamp_ms))
            publish_acknowledgement(answer, conversation_of(record), self._topics, outbox)

    def _repeat(self, header: ManifestBase, part: PartSeen) -> Answer:
        # Faults are not kept: an answer given again names the counts, the first one had the faults.
        repeated = Acknowledgement(
            carrier=header.carrier,
            manifest_id=header.manifest_id,
            version=header.version,
            part=header.part,
            parts=header.parts,
            status=part.status,
            duplicate=True,
            received_at=_instant(part.received_at_ms),
            announced_parcels=part.announced_parcels,
            accepted_parcels=part.accepted_parcels,
            rejected_parcels=part.announced_parcels - part.accepted_parcels,
            faults_omitted=part.faults,
            rules_version=self._severities_now().rules.version,
            severity_overrides=self._severities_now().overrides,
            timeliness=timeliness_of(header),
        )
        return Answer(repeated, {}, {})

    def _answer(self, answer: Answer, conversation_id: str, outbox: Outbox) -> None:
        publish_acknowledgement(answer.acknowledgement, conversation_id, self._topics, outbox)
        if not answer.acknowledgement.duplicate:
            enclose_measurements(measure(answer.acknowledgement, answer.measured), outbox)
        _note(answer, outbox)


def announced_in_headers(record: Record, parcels_max: int) -> int:
    """Parcels in a message nobody can read: as its Kafka header says within the limit, else 1."""
    for name, value in record.headers:
        if name == "parcels" and value.isdigit() and len(value) <= COUNT_DIGITS_MAX:
            count = int(value)
            return count if 1 <= count <= parcels_max else 1
    return 1


def _repeated(header: ManifestBase, digest: bytes, seen: ManifestSeen | None) -> PartSeen | None:
    """The part as it was answered before, if its content, version included, is the same."""
    part = seen.seen.get(header.part) if seen else None
    return part if part and part.digest == digest else None


def _part_seen(digest: bytes, answer: Acknowledgement, record: Record) -> PartSeen:
    return PartSeen(
        digest,
        answer.status,
        record.timestamp_ms,
        answer.announced_parcels,
        answer.accepted_parcels,
        len(answer.faults) + answer.faults_omitted,
    )


def _with_part(header: ManifestBase, part: PartSeen, seen: ManifestSeen | None) -> ManifestSeen:
    earlier = seen if seen and seen.version == header.version else None
    return ManifestSeen(
        header.version,
        header.parts,
        header.declared_parcel_count,
        part.announced_parcels + (earlier.parcels if earlier else 0),
        {**(earlier.seen if earlier else {}), header.part: part},
    )


def _instant(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)


def _note(answer: Answer, outbox: Outbox) -> None:
    acknowledgement = answer.acknowledgement
    report = acknowledgement.timeliness
    outbox.note(
        ManifestNoted(
            acknowledgement.carrier,
            acknowledgement.announced_parcels,
            acknowledgement.accepted_parcels,
            acknowledgement.duplicate,
            answer.rejected_by_rule,
            answer.warnings_by_rule,
            report.timeliness if report and not acknowledgement.duplicate else None,
        )
    )
