"""Checks of a manifest message as a whole, against what is known of the manifest."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.intake.check_texts import has_control_characters
from pipeline.intake.finding import Finding
from pipeline.intake.rules import DataRules
from pipeline.intake.state import ManifestSeen
from pipeline.intake.timeliness import is_late, timeliness_of
from pipeline.model.manifest import ManifestBase
from pipeline.reference.codes import country_names

PARTS_MAX = 1_000
"""What is remembered of a manifest grows with its parts and must fit into one record."""
YEARS = range(2000, 2100)
"""Outside, time zones and legal dates may leave the calendar (years 1 to 9999)."""


class ManifestCheck:
    """The rules on a message as a whole: DQ02, DQ02b, DQ27 to DQ30, DQ32 to DQ34."""

    def __init__(self, rules: DataRules) -> None:
        self._ahead_max = timedelta(minutes=int(rules.limit("DQ28b", "minutes_ahead_max")))

    def __call__(
        self,
        header: ManifestBase,
        parcels: int,
        digest: bytes,
        seen: ManifestSeen | None,
        received_at: datetime,
    ) -> Iterator[Finding]:
        """What is broken, with pointers into the manifest; the first error refuses all parcels."""
        yield from _check_header(header)
        if not _in_this_century(header):
            return
        yield from self._check_times(header, received_at)
        yield from _check_itinerary(header)
        yield from _check_parts(header, parcels)
        if seen:
            yield from _check_against(header, parcels, digest, seen)

    def _check_times(self, header: ManifestBase, received_at: datetime) -> Iterator[Finding]:
        departure_at, arrival_at = header.departure_at, header.estimated_arrival_at
        if departure_at and arrival_at and departure_at >= arrival_at:
            yield Finding("DQ28", "/estimated_arrival_at", arrival_at.isoformat())
        issued_at = header.issued_at
        if issued_at is None:
            return
        if issued_at - received_at > self._ahead_max:
            yield Finding("DQ28b", "/issued_at", issued_at.isoformat())
        if is_late(timeliness_of(header)):
            yield Finding("DQ29", "/issued_at", issued_at.isoformat())


def _check_header(header: ManifestBase) -> Iterator[Finding]:
    for name, text in (
        ("carrier", header.carrier),  # the pattern of its type lets a last newline pass
        ("manifest_id", header.manifest_id),
        ("conveyance_reference", header.conveyance_reference),
    ):
        if has_control_characters(text):
            yield Finding("DQ30", f"/{name}", text)
    if header.destination_country not in country_names():
        yield Finding("DQ32", "/destination_country", header.destination_country)
    for name, instant in _instants(header):
        if instant.year not in YEARS:
            yield Finding("DQ33", f"/{name}", instant.isoformat())


def _instants(header: ManifestBase) -> Iterator[tuple[str, datetime]]:
    """The times that are given."""
    if header.issued_at:
        yield "issued_at", header.issued_at
    if header.departure_at:
        yield "departure_at", header.departure_at
    if header.estimated_arrival_at:
        yield "estimated_arrival_at", header.estimated_arrival_at


def _in_this_century(header: ManifestBase) -> bool:
    return all(instant.year in YEARS for _, instant in _instants(header))


def _check_itinerary(header: ManifestBase) -> Iterator[Finding]:
    countries = [
        country
        for place, country in enumerate(header.itinerary)
        if place == 0 or header.itinerary[place - 1] != country
    ]
    if countries and (
        countries[-1] != header.destination_country
        or len(set(countries)) < len(countries)
        or not country_names().keys() >= set(countries)
    ):
        yield Finding("DQ27", "/itinerary", ", ".join(countries))


def _check_parts(header: ManifestBase, parcels: int) -> Iterator[Finding]:
    if header.part > header.parts:
        yield Finding("DQ34", "/part", f"{header.part} of {header.parts}")
    elif header.parts > PARTS_MAX:
        yield Finding("DQ34", "/parts", f"{header.parts}, the limit is {PARTS_MAX}")
    else:
        yield from _check_count(header, parcels, complete=header.parts == 1)


def _check_count(header: ManifestBase, parcels: int, *, complete: bool) -> Iterator[Finding]:
    declared = header.declared_parcel_count
    if declared is not None and (parcels > declared or (complete and parcels < declared)):
        text = f"{declared}, but there are {parcels}"
        yield Finding("DQ34", "/declared_parcel_count", text)


def _check_against(
    header: ManifestBase, parcels: int, digest: bytes, seen: ManifestSeen
) -> Iterator[Finding]:
    if header.version != seen.version:
        if header.version < seen.version:
            yield Finding("DQ02b", "/version", f"{header.version}, newest {seen.version}")
        return
    part = seen.seen.get(header.part)
    if part and part.digest != digest:
        yield Finding("DQ02", "/version", str(header.version))
    elif header.parts != seen.parts:
        yield Finding("DQ34", "/parts", f"{header.parts}, before {seen.parts}")
    elif header.declared_parcel_count != seen.declared_parcel_count:
        text = f"{header.declared_parcel_count}, before {seen.declared_parcel_count}"
        yield Finding("DQ34", "/declared_parcel_count", text)
    else:
        complete = len(seen.seen) + 1 == seen.parts
        yield from _check_count(header, seen.parcels + parcels, complete=complete)
