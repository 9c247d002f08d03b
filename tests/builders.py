"""Ordinary messages to start from: a test says only what differs."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pipeline.model import (
    Address,
    GoodsItem,
    GoodsType,
    Manifest,
    Parcel,
    Party,
    TransportMode,
)

ISSUED_AT = datetime(2026, 7, 6, 8, tzinfo=UTC)
DEPARTURE_AT = datetime(2026, 7, 6, 14, tzinfo=UTC)
ARRIVAL_AT = datetime(2026, 7, 7, 4, tzinfo=UTC)


def goods_item(**fields: Any) -> GoodsItem:
    """One pair of cotton T-shirts of 24.90."""
    ordinary: dict[str, Any] = {
        "sequence_number": 1,
        "description": "women's knitted T-shirts, 100 % cotton",
        "quantity": 2,
        "intrinsic_value": Decimal("24.90"),
        "commodity_code": "610910",
        "origin_country": "CN",
    }
    return GoodsItem(**{**ordinary, **fields})


def consignor(**fields: Any) -> Party:
    """A seller in Shenzhen."""
    address = Address(
        city="Shenzhen", country="CN", street_and_number="Futian Road 88", postcode="518000"
    )
    return Party(**{"name": "Bright Harbour Trading Co", "address": address, **fields})


def consignee(**fields: Any) -> Party:
    """A buyer in Berlin."""
    address = Address(
        city="Berlin", country="DE", street_and_number="Lindenstrasse 12", postcode="10969"
    )
    return Party(**{"name": "Anna Schneider", "address": address, **fields})


def parcel(**fields: Any) -> Parcel:
    """A sale of one goods item, in euros, with postage of 4.00."""
    ordinary: dict[str, Any] = {
        "parcel_id": "LX123456785CN",
        "consignor": consignor(),
        "consignee": consignee(),
        "goods_type": GoodsType.SALE,
        "gross_mass_kg": Decimal("0.450"),
        "currency": "EUR",
        "transport_cost": Decimal("4.00"),
        "items": [goods_item()],
    }
    return Parcel(**{**ordinary, **fields})


def manifest(**fields: Any) -> Manifest:
    """A flight to Germany with one parcel, announced in time."""
    ordinary: dict[str, Any] = {
        "schema_version": 1,
        "carrier": "SWIFTPOST",
        "manifest_id": "SP-0001",
        "issued_at": ISSUED_AT,
        "destination_country": "DE",
        "transport_mode": TransportMode.AIR,
        "departure_at": DEPARTURE_AT,
        "estimated_arrival_at": ARRIVAL_AT,
        "parcels": [parcel()],
    }
    return Manifest(**{**ordinary, **fields})
