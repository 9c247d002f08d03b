"""The parcel as its carrier declares it (WCO class HouseConsignment, 21C)."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.declared import (
    MANY,
    AdditionalCode,
    Charge,
    Code,
    Document,
    DutyTaxFee,
    Money,
    Package,
    Statement,
)
from pipeline.model.fields import Amount, Identifier, MassKg


class TransportMode(StrEnum):
    """Mode of transport at the border (WCO T022; code of the EU and the UK behind it)."""

    SEA = "sea"  # 1
    RAIL = "rail"  # 2
    ROAD = "road"  # 3
    AIR = "air"  # 4
    MAIL = "mail"  # 5
    ROLL_ON_ROLL_OFF = "roll_on_roll_off"  # 6, in the UK
    FIXED_INSTALLATION = "fixed_installation"  # 7
    INLAND_WATERWAY = "inland_waterway"  # 8
    OTHER = "other"  # 9: own propulsion; or not stated


class GoodsType(StrEnum):
    """Nature of the transaction: CN 23 field 10, "category of item"."""

    SALE = "sale"
    GIFT = "gift"
    DOCUMENTS = "documents"
    SAMPLE = "sample"
    RETURNED_GOODS = "returned_goods"
    OTHER = "other"


class DeclarationDataSet(StrEnum):
    """Data set of the customs declaration for import (Regulation (EU) 2015/2446, Annex B)."""

    H1 = "H1"  # the standard declaration, by ten digits and origin
    H7 = "H7"  # of low-value consignments, by subheading


class PersonType(StrEnum):
    """Type of person (ICS2 codes 1 and 2)."""

    NATURAL = "natural"
    LEGAL = "legal"


class PartyRole(StrEnum):
    """What a party beside consignor and consignee has to do with a parcel."""

    DECLARANT = "declarant"  # WCO 57B
    REPRESENTATIVE = "representative"  # WCO 05A
    SELLER = "seller"
    BUYER = "buyer"
    NOTIFY_PARTY = "notify_party"  # WCO 89A
    FISCAL_REFERENCE = "fiscal_reference"  # WCO 55B
    SUPPLY_CHAIN_ACTOR = "supply_chain_actor"  # WCO 16C
    AUTHORISATION_HOLDER = "authorisation_holder"


class Address(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A postal address (WCO 04A): city, country, and street and number or a P.O. box.

    All empty: none was given, as for a party that authorities know by its identification.
    """

    city: Annotated[str, Meta(max_length=35, description="WCO 241")] = ""
    country: Annotated[str, Meta(max_length=2, description="ISO 3166-1; WCO 242")] = ""
    street_and_number: Annotated[str, Meta(max_length=70, description="WCO 239")] = ""
    po_box: Annotated[str, Meta(max_length=70)] = ""
    postcode: Annotated[str, Meta(max_length=17, description="WCO 245")] = ""
    subdivision: Annotated[str, Meta(max_length=35, description="WCO 243")] = ""


class Party(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Consignor (WCO 30A), consignee (WCO 27A) or another party.

    Name and address are needed where there is no identification.
    """

    name: Annotated[str, Meta(max_length=70, description="WCO R020 / R014")] = ""
    address: Address = Address()
    person_type: PersonType | None = None
    identification: Annotated[
        str,
        Meta(max_length=17, description="EORI, tax or importer number; WCO R021 / R015"),
    ] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    phone: Annotated[str, Meta(max_length=25, description="ITU-T E.123")] = ""


class RelatedParty(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A party beside consignor and consignee; one known from elsewhere need not be named."""

    role: PartyRole
    party: Party = Party()
    code: Annotated[
        Code, Meta(description="kind of role, authorisation or representation, if coded")
    ] = ""


class GoodsItem(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One line of goods in a parcel (WCO 29A ConsignmentItem)."""

    sequence_number: Annotated[int, Meta(ge=1, le=99_999, description="WCO 006")]
    description: Annotated[str, Meta(max_length=512, description="plain language; WCO 137")] = ""
    quantity: (
        Annotated[
            int,
            Meta(ge=1, le=99_999_999, description="pieces of this line; needed without packages"),
        ]
        | None
    ) = None
    intrinsic_value: (
        Annotated[
            Amount,
            Meta(
                description="price of all pieces of this line, without transport, insurance and "
                "taxes, in the parcel's currency, as a decimal string; WCO 108, 112"
            ),
        ]
        | None
    ) = None
    commodity_code: Annotated[
        str,
        Meta(
            max_length=10,
            description="HS 2022 subheading (6) or longer tariff code (8, 10)",
        ),
    ] = ""
    origin_country: Annotated[str, Meta(max_length=2, description="ISO 3166-1; WCO 063")] = ""
    net_mass_kg: MassKg | None = None
    gross_mass_kg: MassKg | None = None
    packages: Annotated[tuple[Package, ...], MANY] = ()
    additional_codes: Annotated[tuple[AdditionalCode, ...], MANY] = ()
    procedure_code: Annotated[
        str, Meta(max_length=7, description="requested and previous procedure; WCO 166, 161")
    ] = ""
    additional_procedure_codes: Annotated[tuple[Code, ...], MANY] = ()
    supplementary_quantity: Annotated[Decimal, Meta(description="WCO 130")] | None = None
    statistical_value: Annotated[Money, Meta(description="WCO 114")] | None = None
    valuation_method_code: Annotated[str, Meta(max_length=3)] = ""
    charges: Annotated[tuple[Charge, ...], MANY] = ()
    duty_tax_fees: Annotated[tuple[DutyTaxFee, ...], MANY] = ()
    documents: Annotated[tuple[Document, ...], MANY] = ()
    previous_documents: Annotated[tuple[Document, ...], MANY] = ()
    statements: Annotated[tuple[Statement, ...], MANY] = ()


class Parcel(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One house consignment: from one consignor to one consignee under one transport document."""

    parcel_id: Identifier
    consignor: Party
    consignee: Party
    goods_type: GoodsType
    items: Annotated[list[GoodsItem], Meta(min_length=1, max_length=99)]
    gross_mass_kg: MassKg | None = None
    currency: Annotated[str, Meta(max_length=3, description="ISO 4217, of all its amounts")] = ""
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
    declaration_data_set: Annotated[
        DeclarationDataSet | None,
        Meta(
            description="in which the parcel is declared for import; flat duties count lines by "
            "it, and without it as in H7"
        ),
    ] = None
    platform: Annotated[
        str, Meta(max_length=70, description="marketplace on which the goods were sold")
    ] = ""
    trader_reference: Annotated[
        str, Meta(max_length=35, description="unique consignment reference; WCO 35B 009")
    ] = ""
    parties: Annotated[tuple[RelatedParty, ...], MANY] = ()
    charges: Annotated[tuple[Charge, ...], MANY] = ()
    documents: Annotated[tuple[Document, ...], MANY] = ()
    previous_documents: Annotated[tuple[Document, ...], MANY] = ()
    statements: Annotated[tuple[Statement, ...], MANY] = ()
