"""Duty, tax and fees of a parcel, line by line."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


class ChargeKind(StrEnum):
    """Kinds of charges."""

    DUTY = "duty"
    TAX = "tax"  # import VAT, GST and the like
    FEE = "fee"  # customs processing and handling fees


class CollectionModel(StrEnum):
    """Who pays the charges of a parcel, and when."""

    NOTHING_DUE = "nothing_due"
    AT_SALE = "at_sale"  # tax collected by the vendor (IOSS, GB supply VAT)
    ON_ACCOUNT = "on_account"  # deferred account or guarantee of the declarant
    CONSIGNEE = "consignee"  # paid before release


class LawStatus(StrEnum):
    """How sure a legal parameter is."""

    ENACTED = "enacted"
    PROVISIONAL = "provisional"
    EXPECTED = "expected"
    UNVERIFIED = "unverified"


class NothingReason(StrEnum):
    """Why a charge is nothing: these are different outcomes in law."""

    ZERO_RATE = "zero_rate"  # the rate that applies is nought
    EXEMPT = "exempt"  # the law frees such goods, whoever imports them
    RELIEVED = "relieved"  # a relief whose conditions this consignment meets
    NOT_CHARGEABLE = "not_chargeable"  # outside the scope of the charge
    PREPAID = "prepaid"  # collected by the vendor at sale
    WAIVED = "waived"  # too small to be levied


class RevenueLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """One charge: amount = what `rule_id` says of `basis`."""

    kind: ChargeKind
    rule_id: Annotated[str, Meta(description="id of the dated rule in the rule book")]
    basis: Annotated[Decimal, Meta(description="amount or count the rate applies to")]
    rate: Annotated[
        str,
        Meta(description='for people: "12 %" or "3.00 EUR per item"; exact decimals'),
    ]
    amount: Annotated[Decimal, Meta(description="in the assessment's currency, rounded")]
    legal_basis: str
    item_sequence_numbers: Annotated[
        list[int],
        Meta(description="goods items the line covers; empty: the whole parcel"),
    ] = []
    status: LawStatus = LawStatus.ENACTED
    charge: Annotated[str, Meta(description="the charge, such as duty, vat or section_122")] = ""
    rule_version: Annotated[
        str, Meta(description="ISO date from which the rule holds in this version")
    ] = ""
    formula: Annotated[
        str, Meta(description="for people: how the amount follows from its inputs")
    ] = ""


class NotCharged(Struct, frozen=True, gc=False, omit_defaults=True):
    """A charge that is nothing, and why."""

    kind: ChargeKind
    charge: Annotated[str, Meta(description="the charge, such as duty or vat")]
    reason: NothingReason
    rule_id: Annotated[str, Meta(description="id of the dated rule in the rule book")]
    rule_version: Annotated[
        str, Meta(description="ISO date from which the rule holds in this version")
    ]
    title: Annotated[str, Meta(description="what the rule says, for people")]
    legal_basis: str
    item_sequence_numbers: Annotated[
        list[int],
        Meta(description="goods items it concerns; empty: the whole parcel"),
    ] = []
    status: LawStatus = LawStatus.ENACTED


class RevenueAssessment(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What a parcel owes in the jurisdiction of destination.

    `total_due = total of lines`; `unsecured_due` is the part that must be paid before release.
    """

    jurisdiction: Annotated[
        str, Meta(description="EU, GB, US and others; empty if no rule book covers it")
    ]
    currency: Annotated[str, Meta(description="ISO 4217, of all amounts here")]
    intrinsic_value: Decimal
    customs_value: Decimal
    exchange_rate: Annotated[
        str,
        Meta(description="units of the declared currency for one of `currency`, and its date"),
    ] = ""
    same_day_goods: Annotated[
        Decimal,
        Meta(
            description="value of the goods of the consignee's other parcels of this legal date, "
            "where the law adds them up"
        ),
    ] = Decimal(0)
    lines: list[RevenueLine] = []
    not_charged: list[NotCharged] = []
    total_due: Decimal = Decimal(0)
    unsecured_due: Decimal = Decimal(0)
    account_reserved: Annotated[
        Decimal,
        Meta(
            description="held on the operator's account while the parcel is with an officer, or "
            "as long as the amount is an estimate"
        ),
    ] = Decimal(0)
    account_used: Annotated[
        Decimal, Meta(description="taken from the operator's account for good")
    ] = Decimal(0)
    paid: Annotated[Decimal, Meta(description="by payments for this parcel so far")] = Decimal(0)
    refund_due: Annotated[
        Decimal, Meta(description="of what was paid: too much, or for a parcel that was refused")
    ] = Decimal(0)
    collection: CollectionModel = CollectionModel.NOTHING_DUE
    estimated: Annotated[
        bool,
        Meta(description="rests on unverified law or missing data: never a silent release"),
    ] = False
    remarks: list[str] = []
