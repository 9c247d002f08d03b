"""The fields of a payload, as people read them."""

import pytest

from pipeline.contract.fields import message_fields
from pipeline.contract.schemas import PAYLOADS

FIELDS = {field.pointer: field for field in message_fields("Manifest")}


@pytest.mark.parametrize(
    ("pointer", "form", "needed"),
    [
        ("/schema_version", "always 1", True),
        ("/manifest_id", "text, 1 to 70 characters", True),
        ("/destination_country", "text, 2 characters", True),
        ("/issued_at", "date and time with offset", True),
        ("/parcels/*/consignee/person_type", "one of: legal, natural", False),
        ("/part", "whole number, 1 to 99999", False),
        ("/declared_parcel_count", "whole number, 1 to 99999", False),
        ("/itinerary", "list, text, 2 characters each, at most 99", False),
        ("/parcels", "list, objects, at least 1", True),
        ("/parcels/*/consignee", "object", True),
        ("/parcels/*/items/*/net_mass_kg", "decimal number, as a text", False),
        ("/parcels/*/consignee/phone", "text, at most 25 characters", False),
    ],
)
def test_a_field_says_its_form_and_whether_it_is_needed(
    pointer: str, form: str, needed: bool
) -> None:
    assert (FIELDS[pointer].form, FIELDS[pointer].needed) == (form, needed)


def test_the_meaning_of_an_object_is_that_of_its_kind() -> None:
    assert FIELDS["/parcels/*/consignee"].meaning.startswith("Consignor (WCO 30A)")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_payload_has_fields_without_repetition(payload: str) -> None:
    pointers = [field.pointer for field in message_fields(payload)]
    assert len(pointers) == len(set(pointers)) > 5
