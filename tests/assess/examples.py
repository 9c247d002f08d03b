"""Assessing changed copies of an ordinary parcel."""

from typing import Any

import msgspec

from pipeline.assess.room import AssessRoom, build_assess_room
from pipeline.assess.state import NO_EXPOSURE, Exposure
from pipeline.model import Announced, Assessment, ManifestHeader, Parcel, TransportMode
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.shelf import Shelf
from pipeline.settings import Settings
from tests import builders


def room(**settings: Any) -> AssessRoom:
    """The room without random selection, unless asked for."""
    given = {"random_selection_per_million": 0, **settings}
    return build_assess_room(Settings(**given), Shelf(load_rule_book()), "data-test")


def header(**fields: Any) -> ManifestHeader:
    """A flight of fourteen hours to Germany, announced six hours before departure."""
    ordinary: dict[str, Any] = {
        "carrier": "SWIFTPOST",
        "manifest_id": "SP-0001",
        "version": 1,
        "destination_country": "DE",
        "transport_mode": TransportMode.AIR,
        "issued_at": builders.ISSUED_AT,
        "departure_at": builders.DEPARTURE_AT,
        "estimated_arrival_at": builders.ARRIVAL_AT,
        "received_at": builders.ISSUED_AT,
    }
    return ManifestHeader(**{**ordinary, **fields})


def changed(changes: dict[str, Any]) -> Parcel:
    """The ordinary parcel with values set at JSON pointers."""
    document: Any = msgspec.to_builtins(builders.parcel())
    for pointer, value in changes.items():
        *path, last = pointer.removeprefix("/").split("/")
        place = document
        for step in path:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        place[int(last) if isinstance(place, list) else last] = value
    return msgspec.convert(document, Parcel, strict=False)


def assess(
    parcel: Parcel,
    *,
    exposure: Exposure = NO_EXPOSURE,
    warnings: tuple[str, ...] = (),
    in_room: AssessRoom | None = None,
    **header_fields: Any,
) -> Assessment:
    """The assessment of one parcel."""
    announced = Announced(header(**header_fields), parcel, list(warnings))
    return (in_room or room()).assess(announced, exposure, load_rule_book()).assessment


def fired(assessment: Assessment) -> set[str]:
    """Ids of the rules that fired."""
    return {hit.rule_id for hit in assessment.rules}
