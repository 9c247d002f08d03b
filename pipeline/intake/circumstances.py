"""What the checks of a parcel need to know of the manifest it stands on."""

from collections.abc import Callable, Mapping, Set
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pipeline.intake.finding import Finding
from pipeline.intake.templates import Template
from pipeline.model import ManifestHeader, Parcel, TransportMode
from pipeline.reference.codes import currencies_in_force, currency_minor_units
from pipeline.reference.exchange import known_currencies
from pipeline.rulebook.book import RuleBook

UNION = "EU"
IMPORT_SCHEME_PREFIX = "IM"
"""Numbers of the import scheme (IOSS) begin with it."""


class Circumstances(NamedTuple):
    """Worked out once for each message."""

    carrier: str  # without case
    destination_country: str
    by_mail: bool
    itinerary: Set[str]
    issued_on: date
    minor_units: Mapping[str, int]  # of currencies in force on that day, and convertible
    import_scheme: "ImportScheme | None"  # of the destination, on the legal date
    templates: Set[Template]


class ImportScheme(NamedTuple):
    """The scheme under which tax is collected at sale (IOSS)."""

    limit_eur: Decimal
    excluded_codes: tuple[str, ...]  # beginnings of commodity codes


ParcelCheck = Callable[[Parcel, Circumstances, list[Finding]], None]
"""Adds what a parcel breaks to a list: parcels are many, and generators cost half as much again."""


def circumstances_of(
    header: ManifestHeader,
    itinerary: Set[str],
    templates: Set[Template],
    published: RuleBook,
) -> Circumstances:
    """The circumstances of a manifest whose header is in order, by the newest law published."""
    issued_on = header.issued_at.date()
    country = header.destination_country
    legal_date = published.legal_date(header.estimated_arrival_at, country)
    return Circumstances(
        header.carrier.casefold(),
        country,
        header.transport_mode is TransportMode.MAIL,
        itinerary,
        issued_on,
        _minor_units(issued_on),
        _import_scheme(published.covering(legal_date), country, legal_date),
        templates,
    )


@lru_cache(maxsize=256)
def _minor_units(on: date) -> Mapping[str, int]:
    units = currency_minor_units()
    return {code: units[code] for code in currencies_in_force(on) & known_currencies()}


@lru_cache(maxsize=256)
def _import_scheme(book: RuleBook, country: str, on: date) -> ImportScheme | None:
    if book.jurisdiction_of(country) != UNION:
        return None
    law = book.on(UNION, on)
    limit = law.amount("eu.ioss.limit")
    if limit is None:
        return None
    return ImportScheme(limit, law.value("eu.excise.goods").codes)
