"""Checks of a manifest message as a whole, against what is known of the manifest."""

from pipeline.intake.finding import Finding
from pipeline.intake.state import ManifestSeen
from pipeline.model.manifest import ManifestBase
from pipeline.reference.codes import country_names


def check_manifest(
    header: ManifestBase, parcels: int, digest: bytes, seen: ManifestSeen | None
) -> Finding | None:
    """The first broken rule of DQ02, DQ27, DQ28, DQ31, DQ32: it refuses all parcels."""
    if header.destination_country not in country_names():
        return Finding("DQ32", "/destination_country", header.destination_country)
    if not header.departure_at < header.estimated_arrival_at:
        return Finding("DQ28", "/estimated_arrival_at", header.estimated_arrival_at.isoformat())
    if header.part > header.parts:
        return Finding("DQ31", "/part", f"{header.part} of {header.parts}")
    declared = header.declared_parcel_count
    if declared is not None and (parcels > declared or (header.parts == 1 and parcels < declared)):
        return Finding("DQ31", "/declared_parcel_count", f"{declared}, but there are {parcels}")
    return _check_against(header, digest, seen) if seen else None


def _check_against(header: ManifestBase, digest: bytes, seen: ManifestSeen) -> Finding | None:
    if header.version < seen.version:
        return Finding("DQ27", "/version", f"{header.version}, newest {seen.version}")
    if header.version > seen.version:
        return None
    part = seen.seen.get(header.part)
    if part and part.digest != digest:
        return Finding("DQ02", "/version", str(header.version))
    if header.parts != seen.parts:
        return Finding("DQ31", "/parts", f"{header.parts}, before {seen.parts}")
    return None
