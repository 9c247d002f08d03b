"""Manifests from real marketplace products (HSCodeComp: titles, categories, prices, HS codes).

Run as a script it writes JSON Lines: `python -m tests.marketplace.manifests > manifests.jsonl`.
"""

import csv
import gzip
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from pipeline.model import (
    Address,
    GoodsItem,
    GoodsType,
    Manifest,
    Parcel,
    Party,
    TransportMode,
)
from tests.data import data_file

PARCELS_PER_MANIFEST = 80
PRICE_WHERE_NONE_IS_GIVEN = Decimal("10.00")
ISSUED_AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
DESTINATIONS = (("DE", "10115", "Berlin"), ("FR", "75001", "Paris"), ("GB", "EC1A 1BB", "London"))


def read_products() -> list[dict[str, str]]:
    """All products of the public data set, in file order."""
    with gzip.open(data_file("ecommerce_titles_hs10.csv.gz"), "rt", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def manifests() -> Iterator[Manifest]:
    """One parcel for each product, in manifests of one destination each."""
    products = list(enumerate(read_products()))
    for number, start in enumerate(range(0, len(products), PARCELS_PER_MANIFEST)):
        country, postcode, city = DESTINATIONS[number % len(DESTINATIONS)]
        address = Address(
            city=city, country=country, street_and_number="Station Road 1", postcode=postcode
        )
        yield Manifest(
            schema_version=1,
            carrier="MARKET",
            manifest_id=f"MARKET-{number:03}",
            issued_at=ISSUED_AT,
            destination_country=country,
            transport_mode=TransportMode.AIR,
            departure_at=ISSUED_AT + timedelta(hours=6),
            estimated_arrival_at=ISSUED_AT + timedelta(hours=18),
            parcels=_parcels(products[start : start + PARCELS_PER_MANIFEST], address),
        )


def _parcels(products: Sequence[tuple[int, dict[str, str]]], address: Address) -> list[Parcel]:
    consignor = Party(
        name="Bright Harbour Trading Co",
        address=Address(
            city="Shenzhen", country="CN", street_and_number="Futian Road 88", postcode="518000"
        ),
    )
    return [
        Parcel(
            parcel_id=f"MKT{number:07}",
            consignor=consignor,
            consignee=Party(name=f"Buyer Number {_in_letters(number)}", address=address),
            goods_type=GoodsType.SALE,
            gross_mass_kg=Decimal("0.500"),
            currency=product["currency"] or "USD",
            transport_cost=Decimal("2.00"),
            items=[
                GoodsItem(
                    sequence_number=1,
                    description=product["product_name"][:512],
                    quantity=1,
                    intrinsic_value=_price(product["price"]),
                    commodity_code=product["hs10"],
                    origin_country="CN",
                )
            ],
        )
        for number, product in products
    ]


def _price(text: str) -> Decimal:
    if not text:
        return PRICE_WHERE_NONE_IS_GIVEN
    return max(Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP), Decimal("0.01"))


def _in_letters(number: int) -> str:
    return "".join(chr(ord("A") + int(digit)) for digit in f"{number:04}")


def main() -> None:
    """Write all manifests to standard output as JSON Lines."""
    for manifest in manifests():
        sys.stdout.buffer.write(msgspec.json.encode(manifest) + b"\n")


if __name__ == "__main__":
    main()
