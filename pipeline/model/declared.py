"""What declarations say of goods beyond a parcel manifest: codes, packages, papers, charges.

Names and numbers are those of the WCO Data Model, version 3. A code is kept as its sender wrote
it, in the code list of the authority it was written for.
"""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

Code = Annotated[str, Meta(max_length=17)]
MANY = Meta(max_length=99)
"""Of what repeats, as many as the formats of the EU and the UK allow."""


class Money(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An amount in a currency of its own."""

    amount: Annotated[
        Decimal,
        Meta(
            description="a decimal string",
            extra_json_schema={"type": ["string", "number"], "examples": ["24.90"]},
        ),
    ]
    currency: Annotated[str, Meta(min_length=3, max_length=3, description="ISO 4217")]


class Package(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Packages of one kind (WCO 93A)."""

    quantity: Annotated[int, Meta(ge=0, le=99_999_999, description="WCO 144")] | None = None
    type_code: Annotated[str, Meta(max_length=4, description="UN/ECE Rec. 21; WCO 141")] = ""
    marks: Annotated[str, Meta(max_length=512, description="shipping marks; WCO 142")] = ""


class AdditionalCode(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A code beside the commodity code, such as TARIC additional or national ones (WCO 21A)."""

    code: Annotated[str, Meta(max_length=18, description="WCO 145")]
    type_code: Annotated[str, Meta(max_length=4, description="WCO 337, such as TRA or GN")]


class Document(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A paper that is referred to: supporting (WCO 02A) or of an earlier procedure (WCO 99A)."""

    type_code: Annotated[str, Meta(max_length=6, description="WCO D006 / D019")] = ""
    identification: Annotated[str, Meta(max_length=70, description="WCO D005 / D018")] = ""
    category_code: Annotated[str, Meta(max_length=3, description="WCO D031")] = ""
    status_code: Annotated[
        str, Meta(max_length=3, description="of a licence or certificate; WCO 360")
    ] = ""
    name: Annotated[str, Meta(max_length=140, description="WCO D028")] = ""
    line_number: Annotated[int, Meta(ge=0, le=99_999)] | None = None


class Statement(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Additional information (WCO 03A)."""

    code: Annotated[str, Meta(max_length=17, description="WCO 226")] = ""
    text: Annotated[str, Meta(max_length=512, description="WCO 225")] = ""


class Charge(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An addition to the price or a deduction from it (WCO 58B)."""

    type_code: Annotated[str, Meta(max_length=4)]
    value: Annotated[Money, Meta(description="WCO 181")]


class DutyTaxFee(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """What the declarant says of one duty or tax (WCO 50A): claims, never the assessment."""

    type_code: Annotated[str, Meta(max_length=3, description="WCO 113")] = ""
    regime_code: Annotated[str, Meta(max_length=3, description="preference")] = ""
    quota_order_number: Annotated[str, Meta(max_length=6)] = ""
    payment_method_code: Annotated[str, Meta(max_length=3, description="WCO 107")] = ""
    assessed: Annotated[Money, Meta(description="computed by the declarant; WCO 120")] | None = None
    payable: Annotated[Money, Meta(description="computed by the declarant; WCO 378")] | None = None
