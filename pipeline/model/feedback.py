"""What comes back to a case: inspection results from officers, payments from collectors."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.fields import Amount, CarrierId, CurrencyCode, Identifier, Instant


class InspectionVerdict(StrEnum):
    """Result of an inspection."""

    COMPLIANT = "compliant"
    DISCREPANCY = "discrepancy"
    PROHIBITED = "prohibited"


class FoundItem(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an officer found on one goods item; only what differs from the declaration is given."""

    sequence_number: Annotated[int, Meta(ge=1, le=99_999)]
    commodity_code: Annotated[str, Meta(max_length=10)] = ""
    intrinsic_value: Amount | None = None
    quantity: Annotated[int, Meta(ge=1)] | None = None


class InspectionResult(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """Result of an inspection. Kafka key: `<carrier>/<parcel_id>`."""

    schema_version: int = 1
    result_id: Annotated[Identifier, Meta(description="a repeat of the same id has no effect")]
    carrier: CarrierId
    parcel_id: Identifier
    verdict: InspectionVerdict
    inspected_at: Instant
    officer: Annotated[str, Meta(max_length=35, description="pseudonymous officer number")]
    found_items: Annotated[list[FoundItem], Meta(max_length=99)] = []
    legal_basis: Annotated[str, Meta(max_length=512)] = ""
    remarks: Annotated[str, Meta(max_length=512)] = ""


class Payment(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A payment received for a parcel. Kafka key: `<carrier>/<parcel_id>`."""

    schema_version: int = 1
    payment_id: Annotated[Identifier, Meta(description="a repeat of the same id has no effect")]
    carrier: CarrierId
    parcel_id: Identifier
    amount: Amount
    currency: CurrencyCode
    paid_at: Instant
    payer: Annotated[str, Meta(max_length=70)] = ""


def case_key(carrier: str, parcel_id: str) -> str:
    """Kafka key of everything that concerns one parcel, and key of its case."""
    return f"{carrier}/{parcel_id}"
