"""What other formats may leave out is told by the rule of its field, and by no other; no crash."""

from itertools import product
from typing import Any

import pytest

from pipeline.intake.check_manifest import ManifestCheck
from pipeline.intake.rules import load_data_rules
from pipeline.model import Package, PartyRole, RelatedParty, TransportMode
from pipeline.model.manifest import ManifestBase
from tests.builders import (
    ARRIVAL_AT,
    DEPARTURE_AT,
    ISSUED_AT,
    consignor,
    goods_item,
    manifest,
    parcel,
)
from tests.intake.intake import Intake

CHECK = ManifestCheck(load_data_rules())
NUMBERED = {"name": "", "address": {}, "identification": "GB553202734852"}


def rules_of(**fields: Any) -> set[str]:
    """The rules that an ordinary manifest breaks when its only parcel has these fields."""
    answer = Intake().answer(manifest(parcels=[parcel(**fields)]))
    return {fault.rule_id for fault in answer.faults}


@pytest.mark.parametrize(("issued", "departure", "arrival"), list(product([True, False], repeat=3)))
@pytest.mark.parametrize("mode", TransportMode)
def test_a_manifest_may_lack_any_of_its_times_in_any_mode(
    issued: bool, departure: bool, arrival: bool, mode: TransportMode
) -> None:
    header = ManifestBase(
        carrier="FASTEX",
        manifest_id="FX-1",
        destination_country="DE",
        transport_mode=mode,
        issued_at=ISSUED_AT if issued else None,
        departure_at=DEPARTURE_AT if departure else None,
        estimated_arrival_at=ARRIVAL_AT if arrival else None,
    )
    assert list(CHECK(header, 1, b"", None, ISSUED_AT)) == []


@pytest.mark.parametrize("mode", TransportMode)
def test_a_canonical_manifest_of_any_mode_is_answered(mode: TransportMode) -> None:
    answer = Intake().answer(manifest(transport_mode=mode))
    assert answer.accepted_parcels == 1


def test_a_party_with_a_number_alone_breaks_no_rule_on_names_and_addresses() -> None:
    assert rules_of(consignor=consignor(**NUMBERED)) == set()


def test_with_a_part_of_an_address_the_rest_of_it_is_asked_for() -> None:
    party = consignor(name="", identification="GB553202734852")
    assert rules_of(consignor=party) == {"DQ05"}


def test_no_name_is_not_that_of_the_platform() -> None:
    assert "DQ07" not in rules_of(consignee=consignor(name=""), platform="")


def test_a_missing_country_is_no_country_off_the_route() -> None:
    message = manifest(itinerary=["CN", "DE"], parcels=[parcel(consignor=consignor(**NUMBERED))])
    assert Intake().answer(message).faults == []


@pytest.mark.parametrize(
    ("field", "rule_id"),
    [("intrinsic_value", "DQ17"), ("quantity", "DQ22"), ("description", "DQ12")],
)
def test_a_missing_field_of_an_item_is_told_by_its_rule(field: str, rule_id: str) -> None:
    value = "" if field == "description" else None
    assert rules_of(items=[goods_item(**{field: value})]) == {rule_id}


def test_documents_are_described_too() -> None:
    assert "DQ12" in rules_of(goods_type="documents", items=[goods_item(description="")])


@pytest.mark.parametrize(("field", "rule_id"), [("gross_mass_kg", "DQ19"), ("currency", "DQ17b")])
def test_a_missing_field_of_a_parcel_is_told_by_its_rule(field: str, rule_id: str) -> None:
    assert rules_of(**{field: "" if field == "currency" else None}) == {rule_id}


def test_packages_stand_for_pieces() -> None:
    item = goods_item(quantity=None, packages=(Package(quantity=1),))
    assert rules_of(items=[item]) == set()


def test_a_related_party_without_a_number_is_not_looked_at() -> None:
    assert rules_of(parties=(RelatedParty(PartyRole.DECLARANT),)) == set()
