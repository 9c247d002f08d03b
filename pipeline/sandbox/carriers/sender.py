"""What the parcels of one manifest have in common."""

from collections.abc import Set
from typing import NamedTuple

import orjson

from pipeline.sandbox.carriers.catalogue import Carrier, Catalogue, Shop

OUTSIDE_THE_UNION: Set[str] = frozenset({"GB", "US"})
WITHOUT_LOW_VALUE_LIMIT: Set[str] = frozenset({"US"})


class Sender(NamedTuple):
    """A carrier with one of its destinations, and the shops it collects from, as JSON."""

    carrier: Carrier
    destination: str
    shops: list[str]

    @property
    def to_union(self) -> bool:
        """Whether the destination is a member state of the European Union."""
        return self.destination not in OUTSIDE_THE_UNION

    @property
    def has_low_value_limit(self) -> bool:
        """Whether it pays to split a purchase."""
        return self.destination not in WITHOUT_LOW_VALUE_LIMIT


class SenderBook:
    """Senders, each made once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._shops = catalogue.shops
        self._senders: dict[tuple[str, str], Sender] = {}

    def get(self, carrier: Carrier, destination: str) -> Sender:
        """The sender of this carrier and destination."""
        key = carrier.id, destination
        if key not in self._senders:
            shops = [_shop_json(shop, carrier.origin) for shop in self._shops[carrier.origin]]
            self._senders[key] = Sender(carrier, destination, shops)
        return self._senders[key]


def _shop_json(shop: Shop, country: str) -> str:
    address = {
        "city": shop.city,
        "country": country,
        "street_and_number": shop.street_and_number,
        "postcode": shop.postcode,
    }
    party = {"name": shop.name, "address": address, "person_type": "legal"}
    return orjson.dumps(party).decode()
