"""One simulated parcel at a time, written as JSON text directly: speed matters beside a broker.

The text is what msgspec would write for `pipeline.model.Parcel`; a test decodes every message.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple, TypeVar

import orjson

from pipeline.intake.check_parcel import s10_check_digit
from pipeline.sandbox.carriers.catalogue import Carrier, Catalogue, Goods
from pipeline.sandbox.carriers.truth import ParcelKind

UNITS_PER_EUR = {"EUR": 1.0, "USD": 1.15, "GBP": 0.86, "CNY": 7.8}
FAULTS = ("street", "description", "name", "code", "value", "mass", "type")
SPLIT_EUR_CENTS = 8_059
"""Below every limit, and twice it is above those of the EU and Great Britain."""
SPLIT_PARCELS = 3
UNDERVALUED_SHARE = 0.02
GIFT_SHARE, DOCUMENTS_SHARE, TWO_ITEMS_SHARE, COMPANY_SHARE, IOSS_SHARE = (
    0.03,
    0.01,
    0.2,
    0.03,
    0.75,
)
S10_DIGITS = 8
IOSS_NUMBERS = ("IM3720000224", "IM2760000742", "IM4400000512")


T = TypeVar("T")


class Sender(NamedTuple):
    """What the parcels of one message have in common."""

    carrier: Carrier
    destination: str
    places: list[tuple[str, str]]
    shops: list[str]


class ParcelWriter:
    """Writes parcels for one seed. Ids are never used twice."""

    def __init__(self, random: Random, catalogue: Catalogue) -> None:
        self._random = random.random
        self._catalogue = catalogue
        self._given = catalogue.people.given
        self._family = catalogue.people.family
        self._streets = catalogue.streets
        self._number = 10_000_000 + int(random.random() * 1_000_000)

    def sender(self, carrier: Carrier, destination: str) -> Sender:
        """Prepare what a message's parcels share."""
        shops = [
            _json(
                {
                    "name": shop.name,
                    "address": {
                        "city": shop.city,
                        "country": carrier.origin,
                        "street_and_number": shop.street_and_number,
                        "postcode": shop.postcode,
                    },
                    "person_type": "legal",
                }
            )
            for shop in self._catalogue.shops[carrier.origin]
        ]
        places = [
            (place.city, place.postcode_pattern) for place in self._catalogue.places[destination]
        ]
        return Sender(carrier, destination, places, shops)

    def consignee(self, sender: Sender, *, name: str = "", street: str | None = None) -> str:
        """A consignee as JSON; a new person at a new address each time."""
        random = self._random
        city, pattern = sender.places[int(random() * len(sender.places))]
        digits = f"{int(random() * 100_000):05}"
        postcode = "".join(digits[i % 5] if c == "#" else c for i, c in enumerate(pattern))
        if not name:
            given = self._given[int(random() * len(self._given))]
            name = f"{given} {self._family[int(random() * len(self._family))]}"
        if street is None:
            number = 1 + int(random() * 180)
            street = f"{self._streets[int(random() * len(self._streets))]} {number}"
        return (
            f'{{"name":"{name}","address":{{"city":"{city}","country":"{sender.destination}",'
            f'"street_and_number":"{street}","postcode":"{postcode}"}}}}'
        )

    def clean(self, sender: Sender) -> tuple[str, str]:
        """Id and JSON of an ordinary parcel."""
        draw = self._random()
        if draw < DOCUMENTS_SHARE:
            return self._write(sender, [self._documents(sender)], goods_type="documents")
        item = self._item(sender)
        if draw < DOCUMENTS_SHARE + GIFT_SHARE:
            return self._write(sender, [item], goods_type="gift")
        if draw > 1 - TWO_ITEMS_SHARE:
            return self._write(sender, [item, self._item(sender, number=2)])
        return self._write(sender, [item])

    def planted(self, sender: Sender, kind: ParcelKind) -> tuple[str, str]:
        """Id and JSON of a parcel with something planted in it."""
        if kind is ParcelKind.FAULTY:
            return self._faulty(sender)
        if kind is ParcelKind.UNDERVALUED:
            item = self._item(sender, share=UNDERVALUED_SHARE)
        elif kind is ParcelKind.PROHIBITED:
            item = self._item(sender, self._pick(self._catalogue.prohibited))
        else:
            item = self._item(sender, self._catalogue.goods[0], code="851713")
        return self._write(sender, [item])

    def split(self, sender: Sender) -> list[tuple[str, str]]:
        """Parcels to one consignee that only together pass the limit."""
        consignee = self.consignee(sender)
        goods = self._catalogue.goods[9]
        items = [self._item(sender, goods, eur_cents=SPLIT_EUR_CENTS) for _ in range(SPLIT_PARCELS)]
        return [self._write(sender, [item], consignee=consignee) for item in items]

    def _faulty(self, sender: Sender) -> tuple[str, str]:
        fault = FAULTS[int(self._random() * len(FAULTS))]
        item = self._item(
            sender,
            description=self._pick(self._catalogue.vague) if fault == "description" else "",
            code="770000" if fault == "code" else "",
            eur_cents=0 if fault == "value" else None,
            quantity='"two"' if fault == "type" else "1",
        )
        consignee = self.consignee(
            sender,
            name="N/A" if fault == "name" else "",
            street="" if fault == "street" else None,
        )
        mass_kg = "0" if fault == "mass" else ""
        return self._write(sender, [item], consignee=consignee, mass_kg=mass_kg)

    def _documents(self, sender: Sender) -> "_Item":
        text = self._item_json(sender, 1, "business documents, printed", "1", "0", "490199")
        return _Item(text, 120)

    def _item(
        self,
        sender: Sender,
        goods: Goods | None = None,
        *,
        number: int = 1,
        description: str = "",
        code: str = "",
        eur_cents: int | None = None,
        share: float = 1.0,
        quantity: str = "1",
    ) -> "_Item":
        random = self._random
        goods = goods or self._pick(self._catalogue.goods)
        mass_g = goods.mass_g_min + int(random() * (goods.mass_g_max - goods.mass_g_min))
        if eur_cents is None:
            # Cheap goods are the most frequent: the square of an even draw.
            span = goods.price_eur_cents_max - goods.price_eur_cents_min
            eur_cents = goods.price_eur_cents_min + int(span * random() ** 2)
        cents = int(eur_cents * share * UNITS_PER_EUR[sender.carrier.currency])
        text = self._item_json(
            sender,
            number,
            description or goods.description,
            quantity,
            f"{cents // 100}.{cents % 100:02}",
            code or goods.commodity_code,
        )
        return _Item(text, mass_g)

    def _item_json(
        self,
        sender: Sender,
        number: int,
        description: str,
        quantity: str,
        value: str,
        code: str,
    ) -> str:
        return (
            f'{{"sequence_number":{number},"description":"{description}","quantity":{quantity},'
            f'"intrinsic_value":"{value}","commodity_code":"{code}",'
            f'"origin_country":"{sender.carrier.origin}"}}'
        )

    def _write(
        self,
        sender: Sender,
        items: "list[_Item]",
        *,
        goods_type: str = "sale",
        consignee: str = "",
        mass_kg: str = "",
    ) -> tuple[str, str]:
        random = self._random
        parcel_id = self._new_id(sender.carrier)
        shop = self._private_sender(sender) if goods_type == "gift" else self._pick(sender.shops)
        mass_g = sum(item.mass_g for item in items) + 40  # 40 g of packaging
        transport = 199 + int(random() * 400)
        scheme = ""
        if goods_type == "sale" and random() < IOSS_SHARE:
            scheme = f',"vendor_scheme_id":"{self._pick(IOSS_NUMBERS)}"'
        return parcel_id, (
            f'{{"parcel_id":"{parcel_id}","consignor":{shop},'
            f'"consignee":{consignee or self.consignee(sender)},"goods_type":"{goods_type}",'
            f'"gross_mass_kg":"{mass_kg or f"{mass_g // 1000}.{mass_g % 1000:03}"}",'
            f'"currency":"{sender.carrier.currency}",'
            f'"items":[{",".join(item.text for item in items)}],'
            f'"transport_cost":"{transport // 100}.{transport % 100:02}"{scheme}}}'
        )

    def _private_sender(self, sender: Sender) -> str:
        name = f"{self._pick(self._given)} {self._pick(self._family)}"
        return (
            f'{{"name":"{name}","address":{{"city":"Home Town","country":"{sender.carrier.origin}",'
            '"street_and_number":"Garden Lane 5","postcode":"100100"},"person_type":"natural"}'
        )

    def _new_id(self, carrier: Carrier) -> str:
        self._number += 1
        if not carrier.postal:
            return f"{carrier.id[:3]}{self._number}"
        serial = str(self._number)[-S10_DIGITS:]
        return f"LX{serial}{s10_check_digit(serial)}{carrier.origin}"

    def _pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._random() * len(choices))]


class _Item(NamedTuple):
    text: str
    mass_g: int


def _json(document: object) -> str:
    return orjson.dumps(document).decode()
