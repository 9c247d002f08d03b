"""The page of limits tells what is enforced: each at its limit passes, one above does not."""

from decimal import Decimal
from typing import Any, get_type_hints

import msgspec.inspect
import pytest

from pipeline import model
from pipeline.intake.check_manifest import PARTS_MAX
from pipeline.intake.check_masses import MASS_KG_MAX
from pipeline.intake.check_values import AMOUNT_MAX
from pipeline.limits import FieldLimit, _kinds, field_limits, limits
from tests import builders
from tests.intake.intake import Intake

FOUND = field_limits()
ENTRY: dict[str, Any] = {
    "items": msgspec.to_builtins(builders.goods_item()),
    "found_items": {"sequence_number": 1},
    "itinerary": "DE",
    "parties": {"role": "seller"},
    "charges": {"type_code": "AK", "value": {"amount": "1.00", "currency": "EUR"}},
    "additional_codes": {"code": "VATZ", "type_code": "GN"},
    "additional_procedure_codes": "000",
    "packages": {},
    "documents": {},
    "previous_documents": {},
    "statements": {},
    "duty_tax_fees": {},
}
CARRIER_CHARACTERS_MAX = 35


def values(limit: FieldLimit) -> tuple[Any, Any]:
    """A value at the limit, and one above it."""
    most, _, unit = limit.most.replace(",", "").partition(" ")
    if unit == "characters":
        return "x" * int(most), "x" * (int(most) + 1)
    if unit == "entries":
        return [ENTRY[limit.field]] * int(most), [ENTRY[limit.field]] * (int(most) + 1)
    if most.startswith("`"):
        return "x" * CARRIER_CHARACTERS_MAX, "x" * (CARRIER_CHARACTERS_MAX + 1)
    return int(most), int(most) + 1


@pytest.mark.parametrize("limit", FOUND, ids=lambda limit: f"{limit.message}.{limit.field}")
def test_a_field_takes_its_limit_and_no_more(limit: FieldLimit) -> None:
    kind = get_type_hints(getattr(model, limit.message), include_extras=True)[limit.field]
    most, above = values(limit)
    msgspec.convert(most, kind)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(above, kind)


def test_every_text_and_list_of_a_message_has_a_limit() -> None:
    """All but the parcels of a manifest, which a setting limits."""
    named = {(limit.message, limit.field) for limit in FOUND} | {("Manifest", "parcels")}
    for message in {limit.message for limit in FOUND}:
        described = msgspec.inspect.type_info(getattr(model, message))
        for field in described.fields:
            kinds = {type(kind).__name__ for kind in _kinds(field.type)}
            assert not kinds & {"StrType", "ListType"} or (message, field.name) in named


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"declared_value": AMOUNT_MAX - Decimal("0.01")}, {"DQ18"}),  # it is not the total
        ({"declared_value": AMOUNT_MAX}, {"DQ17"}),
        ({"declared_value": Decimal("9" * 5_000)}, {"DQ17"}),
        ({"declared_value": Decimal("1e999999")}, {"DQ17"}),
        # More than a post takes, and too little worth for it.
        ({"gross_mass_kg": MASS_KG_MAX}, {"DQ19c", "DQ20"}),
        ({"gross_mass_kg": MASS_KG_MAX + Decimal("0.001")}, {"DQ19"}),
        ({"gross_mass_kg": Decimal("0.0000001")}, {"DQ19"}),
    ],
)
def test_a_number_takes_its_limit_and_no_more(fields: dict[str, Any], rules: set[str]) -> None:
    answer = Intake().answer(builders.manifest(parcels=[builders.parcel(**fields)]))
    assert {fault.rule_id for fault in answer.faults} == rules


@pytest.mark.parametrize(("parts", "rules"), [(PARTS_MAX, set()), (PARTS_MAX + 1, {"DQ34"})])
def test_a_manifest_has_so_many_parts_and_no_more(parts: int, rules: set[str]) -> None:
    answer = Intake().answer(builders.manifest(parts=parts))
    assert {fault.rule_id for fault in answer.faults} == rules


def test_the_page_names_each_limit_once() -> None:
    assert len({limit.what for limit in limits()}) == len(limits())
