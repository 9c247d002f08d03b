"""The invented world of the simulated carriers, read from `catalogue.yaml`."""

from functools import cache
from pathlib import Path

from msgspec import Struct

from pipeline.rulebook.files import read_yaml


class Carrier(Struct, frozen=True, forbid_unknown_fields=True):
    """A carrier and the traffic it has."""

    id: str
    postal: bool
    origin: str
    currency: str
    account: bool
    destinations: list[str]


class Shop(Struct, frozen=True, array_like=True):
    """A consignor."""

    name: str
    city: str
    street_and_number: str
    postcode: str


class Platform(Struct, frozen=True, array_like=True):
    """A marketplace and the IOSS number under which it collects VAT."""

    name: str
    ioss_number: str


class Place(Struct, frozen=True, array_like=True):
    """A city with the pattern of its postcodes: "#" stands for a digit, "@" for a letter."""

    city: str
    postcode_pattern: str


class Goods(Struct, frozen=True, array_like=True):
    """A product with its range of prices and masses."""

    commodity_code: str
    description: str
    price_eur_cents_min: int
    price_eur_cents_max: int
    mass_g_min: int
    mass_g_max: int


class People(Struct, frozen=True, forbid_unknown_fields=True):
    """Given and family names."""

    given: list[str]
    family: list[str]


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a simulated manifest is made of."""

    carriers: list[Carrier]
    shops: dict[str, list[Shop]]
    platforms: list[Platform]
    people: People
    companies: list[str]
    places: dict[str, list[Place]]
    streets: dict[str, list[str]]
    goods: list[Goods]
    prohibited: list[Goods]
    split: Goods
    misdescribed: list[Goods]


@cache
def load_catalogue() -> Catalogue:
    """Read the catalogue."""
    return read_yaml(Path(__file__).with_name("catalogue.yaml"), Catalogue)


def carriers_on_account() -> str:
    """Ids of the carriers with a deferred account, as the setting takes them."""
    return ",".join(carrier.id for carrier in load_catalogue().carriers if carrier.account)
