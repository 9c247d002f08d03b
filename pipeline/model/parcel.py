"""The parcel as its carrier declares it (WCO class HouseConsignment, 21C)."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.fields import Amount, CountryCode, CurrencyCode, Identifier, MassKg


class TransportMode(StrEnum):
    """Mode of transport at the border (WCO T014; UN/EDIFACT 8067 in brackets)."""

    SEA = "sea"  # 1
    RAIL = "rail"  # 2
    ROAD = "road"  # 3
    AIR = "air"  # 4
    MAIL = "mail"  # 5


class GoodsType(StrEnum):
    """Nature of the transaction: CN 23 field 10, "category of item"."""

    SALE = "sale"
    GIFT = "gift"
    DOCUMENTS = "documents"
    SAMPLE = "sample"
    RETURNED_GOODS = "returned_goods"
    OTHER = "other"


class PersonType(StrEnum):
    """Type of person (ICS2 codes 1 and 2)."""

    NATURAL = "natural"
    LEGAL = "legal"


class Address(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A postal address (WCO 04A). Street and number, or a P.O. box, are needed."""

    city: Annotated[str, Meta(min_length=1, max_length=35, description="WCO 241")]
    country: CountryCode
    street_and_number: Annotated[str, Meta(max_length=70, description="WCO 239")] = ""
    po_box: Annotated[str, Meta(max_length=70)] = ""
    postcode: Annotated[str, Meta(max_length=17, description="WCO 245")] = ""
    subdivision: Annotated[str, Meta(max_length=35, description="WCO 243")] = ""


class Party(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Consignor (WCO 30A) or consignee (WCO 27A)."""

    name: Annotated[str, Meta(min_length=1, max_length=70, description="WCO R020 / R014")]
    address: Address
    person_type: PersonType | None = None
    identification: Annotated[
        str,
        Meta(max_length=17, description="EORI, tax or importer number; WCO R021 / R015"),
    ] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    phone: Annotated[str, Meta(max_length=25, description="ITU-T E.123")] = ""


class GoodsItem(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One line of goods in a parcel (WCO 29A ConsignmentItem)."""

    sequence_number: Annotated[int, Meta(ge=1, le=99_999, description="WCO 006")]
    description: Annotated[
        str, Meta(min_length=1, max_length=512, description="plain language; WCO 137")
    ]
    quantity: Annotated[int, Meta(ge=1, le=99_999_999, description="pieces of this line")]
    intrinsic_value: Annotated[
        Amount,
        Meta(
            description="price of all pieces of this line, without transport, insurance and "
            "taxes, in the parcel's currency, as a decimal string; WCO 108"
        ),
    ]
    commodity_code: Annotated[
        str,
        Meta(
            max_length=10,
            description="HS 2022 subheading (6) or longer tariff code (8, 10)",
        ),
    ] = ""
    origin_country: Annotated[str, Meta(max_length=2, description="ISO 3166-1; WCO 063")] = ""
    net_mass_kg: MassKg | None = None


class Parcel(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One house consignment: from one consignor to one consignee under one transport document."""

    parcel_id: Identifier
    consignor: Party
    consignee: Party
    goods_type: GoodsType
    gross_mass_kg: MassKg
    currency: CurrencyCode
    items: Annotated[list[GoodsItem], Meta(min_length=1, max_length=99)]
    transport_cost: Amount = Decimal(0)
    insurance_cost: Amount = Decimal(0)
    declared_value: (
        Annotated[Amount, Meta(description="total value of the goods, a decimal string")] | None
    ) = None
    vendor_scheme_id: Annotated[
        str,
        Meta(
            max_length=17,
            description="id of the scheme under which tax was collected at sale, such as the "
            "IOSS number (additional fiscal reference, WCO 55B R119)",
        ),
    ] = ""
    platform: Annotated[
        str, Meta(max_length=70, description="marketplace on which the goods were sold")
    ] = ""
