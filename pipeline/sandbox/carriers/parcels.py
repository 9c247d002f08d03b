"""One simulated parcel at a time, written as JSON text directly: speed matters beside a broker.

The text is what a carrier would encode for `pipeline.model.Parcel`; a test decodes every message.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple, TypeVar

from pipeline.intake.check_parcel import s10_check_digit
from pipeline.sandbox.carriers.catalogue import Carrier, Catalogue, Goods
from pipeline.sandbox.carriers.consignees import ConsigneeWriter
from pipeline.sandbox.carriers.sender import Sender, SenderBook
from pipeline.sandbox.carriers.truth import ParcelKind
from pipeline.sandbox.carriers.twists import FAULTS, POSTAL_FAULTS, STRAIGHT, UNDERVALUED, Twist

DOCUMENTS_SHARE, GIFT_SHARE, SAMPLE_SHARE = 0.01, 0.03, 0.01
TWO_ITEMS_SHARE, MORE_PIECES_SHARE = 0.2, 0.1
PIECES_MAX = 3
IOSS_SHARE = 0.75
IOSS_EUR_CENTS_MAX = 150_00
PACKAGING_G = 40
S10_SERIALS = 10**8
S10_INDICATORS = [first + chr(ord("A") + index) for first in "LCU" for index in range(26)]
"""Service indicators of letters, parcels and small packets (UPU S10)."""
UNITS_PER_EUR = {"EUR": 1.0, "USD": 1.15, "GBP": 0.86, "CNY": 7.8}

T = TypeVar("T")


class Written(NamedTuple):
    """A parcel as JSON, with its truth."""

    parcel_id: str
    text: str
    kind: ParcelKind | None = None
    fault: str = ""


class ParcelWriter:
    """Writes parcels for one seed. Ids are not used twice, and hardly ever by another seed."""

    def __init__(self, random: Random, catalogue: Catalogue) -> None:
        self._random = random.random
        self._catalogue = catalogue
        self._consignees = ConsigneeWriter(random, catalogue)
        self._senders = SenderBook(catalogue)
        self._number = random.randrange(len(S10_INDICATORS) * S10_SERIALS)

    def sender(self, carrier: Carrier, destination: str) -> Sender:
        """What the parcels of one manifest share."""
        return self._senders.get(carrier, destination)

    def clean(self, sender: Sender) -> Written:
        """An ordinary parcel."""
        draw = self._random()
        if draw < DOCUMENTS_SHARE:
            return self._write(sender, [_documents(sender)], goods_type="documents")
        item = self._item(sender)
        draw -= DOCUMENTS_SHARE
        if draw < GIFT_SHARE:
            return self._write(sender, [item], goods_type="gift")
        draw -= GIFT_SHARE
        if draw < SAMPLE_SHARE:
            return self._write(sender, [item], goods_type="sample")
        draw -= SAMPLE_SHARE
        if draw < TWO_ITEMS_SHARE:
            return self._write(sender, [item, self._item(sender, number=2)])
        return self._write(sender, [item])

    def planted(self, sender: Sender, kind: ParcelKind) -> Written:
        """A parcel with something planted in it."""
        catalogue = self._catalogue
        if kind is ParcelKind.FAULTY:
            return self._faulty(sender)
        if kind is ParcelKind.UNDERVALUED:
            item = self._item(sender, twist=UNDERVALUED)
        elif kind is ParcelKind.PROHIBITED:
            item = self._item(sender, self._pick(catalogue.prohibited))
        else:
            item = self._item(sender, self._pick(catalogue.misdescribed))
        return self._write(sender, [item])._replace(kind=kind)

    def splitting_consignee(self, sender: Sender) -> str:
        """Somebody, as JSON, who has a purchase sent in several parcels."""
        return self._consignees.person(sender.destination, STRAIGHT)

    def split(self, sender: Sender, consignee: str) -> Written:
        """One of the parcels that only together pass the limit."""
        item = self._item(sender, self._catalogue.split)
        return self._write(sender, [item], consignee=consignee)._replace(kind=ParcelKind.SPLIT)

    def _faulty(self, sender: Sender) -> Written:
        faults = POSTAL_FAULTS if sender.carrier.postal else FAULTS
        fault = self._pick(list(faults))
        item = self._item(sender, twist=faults[fault])
        written = self._write(sender, [item], twist=faults[fault])
        return written._replace(kind=ParcelKind.FAULTY, fault=fault)

    def _item(
        self,
        sender: Sender,
        goods: Goods | None = None,
        *,
        number: int = 1,
        twist: Twist = STRAIGHT,
    ) -> "_Item":
        random = self._random
        pieces = 1
        if goods is None:
            goods = self._pick(self._catalogue.goods)
            if random() < MORE_PIECES_SHARE:
                pieces = 2 + int(random() * (PIECES_MAX - 1))
        mass_g = goods.mass_g_min + int(random() * (goods.mass_g_max - goods.mass_g_min))
        # Cheap goods are the most frequent: the square of an even draw.
        span = goods.price_eur_cents_max - goods.price_eur_cents_min
        eur_cents = pieces * (goods.price_eur_cents_min + int(span * random() ** 2))
        cents = int(eur_cents * twist.value_share * UNITS_PER_EUR[sender.carrier.currency])
        text = _item_json(
            number,
            twist.description or goods.description,
            twist.quantity or str(pieces),
            twist.value or f"{cents // 100}.{cents % 100:02}",
            twist.commodity_code or goods.commodity_code,
            twist.origin_country or sender.carrier.origin,
        )
        return _Item(text, pieces * mass_g, eur_cents)

    def _write(
        self,
        sender: Sender,
        items: "list[_Item]",
        *,
        goods_type: str = "sale",
        consignee: str = "",
        twist: Twist = STRAIGHT,
    ) -> Written:
        random = self._random
        parcel_id = self._new_id(sender.carrier, wrong=twist.wrong_check_digit)
        shop = self._pick(sender.shops)
        if goods_type == "gift":
            shop = self._consignees.friend(sender.carrier.origin)
        mass_g = sum(item.mass_g for item in items) + PACKAGING_G
        mass_kg = twist.mass_kg or f"{mass_g // 1000}.{mass_g % 1000:03}"
        transport = 199 + int(random() * 400)
        platform = self._platform(sender, items) if goods_type == "sale" else ""
        return Written(
            parcel_id,
            f'{{"parcel_id":"{parcel_id}","consignor":{shop},'
            f'"consignee":{consignee or self._consignees.anybody(sender.destination, twist)},'
            f'"goods_type":"{goods_type}","gross_mass_kg":"{mass_kg}",'
            f'"currency":"{twist.currency or sender.carrier.currency}",'
            f'"items":[{",".join([item.text for item in items])}],'
            f'"transport_cost":"{transport // 100}.{transport % 100:02}"{platform}}}',
        )

    def _platform(self, sender: Sender, items: "list[_Item]") -> str:
        platform = self._pick(self._catalogue.platforms)
        scheme = ""
        if (
            sender.to_union
            and sum(item.eur_cents for item in items) <= IOSS_EUR_CENTS_MAX
            and self._random() < IOSS_SHARE
        ):
            scheme = f',"vendor_scheme_id":"{platform.ioss_number}"'
        return f'{scheme},"platform":"{platform.name}"'

    def _new_id(self, carrier: Carrier, *, wrong: bool) -> str:
        self._number = (self._number + 1) % (len(S10_INDICATORS) * S10_SERIALS)
        if not carrier.postal:
            return f"{carrier.id[:3]}{self._number:010}"
        indicator, number = divmod(self._number, S10_SERIALS)
        serial = f"{number:08}"
        digit = (s10_check_digit(serial) + wrong) % 10
        return f"{S10_INDICATORS[indicator]}{serial}{digit}{carrier.origin}"

    def _pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._random() * len(choices))]


class _Item(NamedTuple):
    text: str
    mass_g: int
    eur_cents: int


def _documents(sender: Sender) -> _Item:
    origin = sender.carrier.origin
    text = _item_json(1, "contract papers, printed and signed", "1", "0.00", "490700", origin)
    return _Item(text, mass_g=120, eur_cents=0)


def _item_json(
    number: int, description: str, quantity: str, value: str, code: str, origin: str
) -> str:
    return (
        f'{{"sequence_number":{number},"description":"{description}","quantity":{quantity},'
        f'"intrinsic_value":"{value}","commodity_code":"{code}","origin_country":"{origin}"}}'
    )
