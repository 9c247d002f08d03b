"""Checks of a manifest message as a whole, against what is known of the manifest."""

from pipeline.intake.check_parcel import has_control_characters
from pipeline.intake.finding import Finding
from pipeline.intake.state import ManifestSeen
from pipeline.model.manifest import ManifestBase
from pipeline.reference.codes import country_names

PARTS_MAX = 1_000
"""What is remembered of a manifest grows with its parts and must fit into one record."""
YEARS = range(2000, 2100)
"""Outside, time zones and legal dates may leave the calendar (years 1 to 9999)."""


def check_manifest(
    header: ManifestBase, parcels: int, digest: bytes, seen: ManifestSeen | None
) -> Finding | None:
    """The first broken rule of DQ02, DQ27, DQ28, DQ30 to DQ33: it refuses all parcels."""
    return (
        _check_header(header)
        or _check_parts(header, parcels)
        or (_check_against(header, parcels, digest, seen) if seen else None)
    )


def _check_header(header: ManifestBase) -> Finding | None:
    for name, text in (
        ("carrier", header.carrier),  # the pattern of its type lets a last newline pass
        ("manifest_id", header.manifest_id),
        ("conveyance_reference", header.conveyance_reference),
    ):
        if has_control_characters(text):
            return Finding("DQ30", f"/{name}", text)
    if header.destination_country not in country_names():
        return Finding("DQ32", "/destination_country", header.destination_country)
    for name, instant in (
        ("issued_at", header.issued_at),
        ("departure_at", header.departure_at),
        ("estimated_arrival_at", header.estimated_arrival_at),
    ):
        if instant.year not in YEARS:
            return Finding("DQ33", f"/{name}", instant.isoformat())
    if not header.departure_at < header.estimated_arrival_at:
        return Finding("DQ28", "/estimated_arrival_at", header.estimated_arrival_at.isoformat())
    return None


def _check_parts(header: ManifestBase, parcels: int) -> Finding | None:
    if header.part > header.parts:
        return Finding("DQ31", "/part", f"{header.part} of {header.parts}")
    if header.parts > PARTS_MAX:
        return Finding("DQ31", "/parts", f"{header.parts}, the limit is {PARTS_MAX}")
    return _check_count(header, parcels, complete=header.parts == 1)


def _check_count(header: ManifestBase, parcels: int, *, complete: bool) -> Finding | None:
    declared = header.declared_parcel_count
    if declared is None or not (parcels > declared or (complete and parcels < declared)):
        return None
    return Finding("DQ31", "/declared_parcel_count", f"{declared}, but there are {parcels}")


def _check_against(
    header: ManifestBase, parcels: int, digest: bytes, seen: ManifestSeen
) -> Finding | None:
    if header.version < seen.version:
        return Finding("DQ27", "/version", f"{header.version}, newest {seen.version}")
    if header.version > seen.version:
        return None
    part = seen.seen.get(header.part)
    if part and part.digest != digest:
        return Finding("DQ02", "/version", str(header.version))
    if header.parts != seen.parts:
        return Finding("DQ31", "/parts", f"{header.parts}, before {seen.parts}")
    if header.declared_parcel_count != seen.declared_parcel_count:
        text = f"{header.declared_parcel_count}, before {seen.declared_parcel_count}"
        return Finding("DQ31", "/declared_parcel_count", text)
    complete = len(seen.seen) + 1 == seen.parts
    return _check_count(header, seen.parcels + parcels, complete=complete)
