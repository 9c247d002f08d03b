"""Tax collected at sale: the form of a vendor's number, and whether it was active."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from pipeline.app import build_dry_run
from pipeline.errors import RuleBookError
from pipeline.model import CollectionModel, Decision, RevenueAssessment, TransportMode, manifest_key
from pipeline.revenue.assess import assess_revenue
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.vendors import NO_REGISTER, VendorRegister, read_vendor_register
from pipeline.settings import Settings
from tests.builders import ARRIVAL_AT, ISSUED_AT, goods_item, manifest, parcel

IOSS = "IM3720000224"
REGISTER = """
prefix: IM
source: extract of the register, 2026-07-01
vendors:
  - {number: IM3720000224, from: 2021-07-01, until: 2026-07-10}
  - {number: IM3720000224, from: 2026-08-01}
"""


@pytest.fixture
def register(tmp_path: Path) -> VendorRegister:
    path = tmp_path / "vendors.yaml"
    path.write_text(REGISTER)
    return read_vendor_register(path)


def assessed(
    day: date, vendors: VendorRegister = NO_REGISTER, number: str = IOSS, value: str = "24.90"
) -> RevenueAssessment:
    """To Germany."""
    item = goods_item(intrinsic_value=Decimal(value))
    return assess_revenue(
        parcel(vendor_scheme_id=number, items=[item]),
        destination_country="DE",
        transport_mode=TransportMode.AIR,
        legal_date=day,
        book=load_rule_book(),
        on_account=False,
        vendors=vendors,
    )


def charges(found: RevenueAssessment) -> dict[str, str]:
    return {line.charge: str(line.amount) for line in found.lines}


@pytest.mark.parametrize(
    ("day", "is_active"),
    [
        (date(2026, 7, 9), True),
        (date(2026, 7, 10), False),
        (date(2026, 7, 31), False),
        (date(2026, 8, 1), True),
    ],
)
def test_a_number_counts_only_while_it_is_active(
    day: date, is_active: bool, register: VendorRegister
) -> None:
    """The duty of EUR 3 is owed in any case; VAT only if it was not collected at sale."""
    found = assessed(day, register)
    assert charges(found) == {"duty": "3.00"} | ({} if is_active else {"vat": "6.06"})
    text = f"the vendor's number {IOSS} was not active on {day}: tax is due here"
    assert (text in found.remarks) is not is_active


def test_a_number_the_register_does_not_hold_is_not_active(register: VendorRegister) -> None:
    assert "vat" in charges(assessed(date(2026, 7, 7), register, "IM2760000001"))


def test_before_the_duty_of_three_euros_nothing_is_left_to_collect(
    register: VendorRegister,
) -> None:
    found = assessed(date(2026, 6, 30), register)
    assert (found.lines, found.collection) == ([], CollectionModel.AT_SALE)


def test_numbers_of_other_schemes_are_not_in_the_register(register: VendorRegister) -> None:
    assert register.is_active("GB980780684", date(2026, 7, 31))


@pytest.mark.parametrize("number", ["IM9990000224", "IM372000022", "im3720000224", "IM37200002245"])
def test_without_a_register_the_form_alone_counts(number: str) -> None:
    """IM, the number of a member state, and seven digits."""
    assert "vat" not in charges(assessed(date(2026, 7, 7)))
    assert "vat" in charges(assessed(date(2026, 7, 7), number=number))


@pytest.mark.parametrize(("value", "is_above"), [("150.00", False), ("150.01", True)])
def test_above_the_limit_of_value_tax_is_due_at_import(
    value: str, is_above: bool, register: VendorRegister
) -> None:
    assert ("vat" in charges(assessed(date(2026, 7, 7), register, value=value))) is is_above


def test_the_version_of_the_register_stands_beside_that_of_the_reference_data(
    register: VendorRegister,
) -> None:
    assert register.beside("ref-1") == f"ref-1 {register.version}"
    assert NO_REGISTER.beside("ref-1") == "ref-1"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("until: 2026-07-10", "until: 2026-08-02", "line 6: two periods of IM3720000224 overlap"),
        ("until: 2026-07-10", "until: 2021-07-01", "line 5: IM3720000224 ends before it begins"),
        ("number: IM3720000224, from: 2026", "number: GB1, from: 2026", "line 6: GB1 is none of"),
        ("prefix: IM", 'prefix: ""', "line 2: the prefix of the scheme's numbers is missing"),
        ("source:", "sauce:", "sauce"),
        ("2026-08-01", "2026-02-30", "line 6"),
    ],
)
def test_a_register_with_a_fault_is_refused_with_file_and_line(
    old: str, new: str, text: str, tmp_path: Path
) -> None:
    path = tmp_path / "vendors.yaml"
    path.write_text(REGISTER.replace(old, new))
    with pytest.raises(RuleBookError) as refused:
        read_vendor_register(path)
    assert str(path) in str(refused.value)
    assert text in str(refused.value)


def test_the_rooms_ask_the_register_of_the_settings(
    register: VendorRegister, tmp_path: Path
) -> None:
    """The decision names its version."""
    stream = build_dry_run(Settings(vendor_register_file=str(tmp_path / "vendors.yaml")))
    late = manifest(estimated_arrival_at=ARRIVAL_AT + timedelta(days=5))
    late = msgspec.structs.replace(late, parcels=[parcel(vendor_scheme_id=IOSS)])
    stream.publish(
        "manifests",
        key=manifest_key(late.carrier, late.manifest_id).encode(),
        value=msgspec.json.encode(late),
        timestamp_ms=round(ISSUED_AT.timestamp() * 1000),
    )
    stream.run_until_idle()
    (event,) = stream.read("revenue")
    decision = msgspec.json.decode(event.value or b"", type=Decision)
    assert decision.revenue.total_due == Decimal("9.06")
    assert decision.versions.reference_data.endswith(f" {register.version}")
