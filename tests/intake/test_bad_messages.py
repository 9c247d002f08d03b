"""Messages nobody can read become dead letters; unreadable parcels spoil only themselves."""

import json

import pytest

from pipeline.errors import ErrorCode
from pipeline.formats.canonical import json_pointer
from pipeline.model.nesting import NESTING_MAX
from tests.intake.intake import KEY, Intake, change, ordinary_manifest

TEXT = json.dumps(ordinary_manifest())
DEEP = 100_000


def with_text(old: str, new: str) -> bytes:
    """The ordinary message with a piece of its text replaced."""
    assert old in TEXT
    return TEXT.replace(old, new).encode()


UNREADABLE = {
    "no value": (None, ErrorCode.EMPTY_MESSAGE),
    "empty value": (b"", ErrorCode.EMPTY_MESSAGE),
    "truncated": (TEXT.encode()[:-20], ErrorCode.INVALID_JSON),
    "NUL at the end": (TEXT.encode() + b"\0", ErrorCode.INVALID_JSON),
    "only NULs": (b"\0" * 500, ErrorCode.UNKNOWN_FORMAT),
    "two documents": (TEXT.encode() * 2, ErrorCode.INVALID_JSON),
    "NaN as a number": (with_text('"24.90"', "NaN"), ErrorCode.INVALID_JSON),
    "lone surrogate": (with_text("Anna", r"Anna\ud800"), ErrorCode.INVALID_JSON),
    "deep and open": (with_text('"24.90"', "[" * DEEP), ErrorCode.INVALID_JSON),
    "deep and closed": (with_text('"24.90"', "[" * DEEP + "]" * DEEP), ErrorCode.INVALID_JSON),
    "deep objects": (with_text('"24.90"', '{"a":' * DEEP), ErrorCode.INVALID_JSON),
    "Latin-1": ("Müller".join(TEXT.split("Anna")).encode("latin-1"), ErrorCode.INVALID_UTF8),
    "1 MiB of 0xFF": (b"\xff" * 1_048_000, ErrorCode.INVALID_UTF8),
    "UTF-16": (TEXT.encode("utf-16"), ErrorCode.INVALID_UTF8),
    "null": (b"null", ErrorCode.INVALID_MESSAGE),
    "a list": (b"[]", ErrorCode.INVALID_MESSAGE),
    "no schema version": (b"{}", ErrorCode.INVALID_MESSAGE),
    "no header": (b'{"schema_version": 1}', ErrorCode.INVALID_MESSAGE),
    "no parcels": (b'{"schema_version": 1, "parcels": []}', ErrorCode.INVALID_MESSAGE),
    "wrong type": (with_text('"version": 1', '"version": "one"'), ErrorCode.INVALID_MESSAGE),
    "huge version": (
        with_text('"version": 1', f'"version": {"9" * 5_000}'),
        ErrorCode.INVALID_MESSAGE,
    ),
    "huge schema version": (
        with_text('"schema_version": 1', f'"schema_version": {"9" * 5_000}'),
        ErrorCode.INVALID_MESSAGE,
    ),
    "unknown mode": (with_text('"air"', '"rocket"'), ErrorCode.INVALID_MESSAGE),
    "unknown field": (with_text('"part"', '"port"'), ErrorCode.INVALID_MESSAGE),
    "leap second": (with_text("14:00:00Z", "23:59:60Z"), ErrorCode.INVALID_MESSAGE),
    "no offset": (with_text("14:00:00Z", "14:00:00"), ErrorCode.INVALID_MESSAGE),
    "next schema version": (
        with_text('"schema_version": 1', '"schema_version": 2'),
        ErrorCode.UNKNOWN_SCHEMA_VERSION,
    ),
    "next schema version, other form": (
        b'{"schema_version": 2, "consignments": {}}',
        ErrorCode.UNKNOWN_SCHEMA_VERSION,
    ),
    "another manifest's key": (with_text("SP-0001", "SP-0002"), ErrorCode.KEY_MISMATCH),
}


@pytest.mark.parametrize(("value", "code"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_message_is_one_dead_letter(value: bytes | None, code: ErrorCode) -> None:
    """It keeps the original bytes, says what is wrong, and counts as one parcel."""
    intake = Intake()
    intake.publish(value)
    (dead_letter,) = intake.dead_letters
    assert dead_letter["error_code"] == code
    assert dead_letter["parcels"] == "1"
    assert intake.stream.read("dead-letters")[0].value == value
    assert intake.acknowledgements == []
    assert intake.announced == []


DEPTH_OF_A_GOODS_ITEM = 5


@pytest.mark.parametrize(
    ("depth", "readable"), [(1, True), (NESTING_MAX, True), (NESTING_MAX + 1, False), (990, False)]
)
def test_brackets_may_be_nested_to_the_limit_and_no_further(depth: int, readable: bool) -> None:
    """Below it, only the parcel with the unknown field is at fault."""
    intake, own = Intake(), max(depth - DEPTH_OF_A_GOODS_ITEM, 0)
    intake.publish(with_text('"quantity"', f'"unknown": {"[" * own + "1" + "]" * own}, "quantity"'))
    codes = [dead_letter["error_code"] for dead_letter in intake.dead_letters]
    assert codes == ([] if readable else [ErrorCode.INVALID_JSON])
    assert len(intake.acknowledgements) == int(readable)


@pytest.mark.parametrize("key", [None, b""])
def test_a_message_without_key_is_a_dead_letter(key: bytes | None) -> None:
    intake = Intake()
    intake.publish(TEXT, key=key)
    assert intake.dead_letters[0]["error_code"] == ErrorCode.KEY_MISSING


def test_a_key_that_is_not_text_is_a_mismatch() -> None:
    intake = Intake()
    intake.publish(TEXT, key=b"\xff\xfe")
    assert intake.dead_letters[0]["error_code"] == ErrorCode.KEY_MISMATCH


def test_more_parcels_than_the_limit_are_refused_with_both_numbers() -> None:
    intake = Intake(manifest_parcels_max=1)
    document = ordinary_manifest()
    document["parcels"] *= 2
    intake.publish(document)
    (dead_letter,) = intake.dead_letters
    assert dead_letter["error_code"] == ErrorCode.MESSAGE_TOO_LARGE
    assert "2 parcels, the limit is 1" in dead_letter["error_text"]


@pytest.mark.parametrize(
    ("header", "parcels"),
    [
        (b"500", "500"),
        (b"2000", "2000"),
        (b"2001", "1"),
        (b"0", "1"),
        (b"-5", "1"),
        (b"5.0", "1"),
        (b"", "1"),
        (b"\xff", "1"),
        (b"000000001" + b"0" * 5_000, "1"),
        (b"0000000019999999", "1"),
    ],
)
def test_an_unreadable_message_counts_as_its_header_says_within_the_limit(
    header: bytes, parcels: str
) -> None:
    intake = Intake()
    intake.publish(b"{", headers=[("parcels", header)])
    assert intake.dead_letters[0]["error_code"] == ErrorCode.INVALID_JSON
    assert intake.stream.read("dead-letters")[0].headers[-1] == ("parcels", parcels.encode())


UNREADABLE_FIELDS = {
    "huge exponent": ("/items/0/intrinsic_value", "1e9999999999999999999", "DQ17"),
    "no number": ("/items/0/intrinsic_value", "12 euros", "DQ17"),
    "an object as value": ("/items/0/intrinsic_value", {"amount": 3}, "DQ17"),
    "fraction as quantity": ("/items/0/quantity", 1.5, "DQ22"),
    "huge quantity": ("/items/0/quantity", 10**400, "DQ22"),
    "negative quantity": ("/items/0/quantity", -1, "DQ22"),
    "no items": ("/items", [], "DQ01"),
    "too many items": ("/items", ordinary_manifest()["parcels"][0]["items"] * 100, "DQ01"),
    "long name": ("/consignee/name", "x" * 71, "DQ01"),
    "name is null": ("/consignee/name", None, "DQ01"),
    "unknown type of goods": ("/goods_type", "bribe", "DQ23"),
    "long country": ("/items/0/origin_country", "CHN", "DQ08c"),
}


@pytest.mark.parametrize("parcel", [None, 7, [], {}, "LX123456785CN", True])
def test_what_is_no_parcel_spoils_only_itself(parcel: object) -> None:
    document = ordinary_manifest()
    document["parcels"].insert(0, parcel)
    intake = Intake()
    acknowledgement = intake.answer(document)
    assert acknowledgement.status == "partly_rejected"
    assert (acknowledgement.accepted_parcels, acknowledgement.rejected_parcels) == (1, 1)
    (fault,) = acknowledgement.faults
    assert (fault.rule_id, fault.pointer, fault.parcel_id) == ("DQ01", "/parcels/0", "")
    assert [announced.parcel.parcel_id for announced in intake.announced] == ["LX123456785CN"]


@pytest.mark.parametrize(
    ("pointer", "value", "rule_id"), UNREADABLE_FIELDS.values(), ids=UNREADABLE_FIELDS
)
def test_a_field_of_the_wrong_form_is_named_by_parcel_and_pointer(
    pointer: str, value: object, rule_id: str
) -> None:
    """Under the field's own rule, if it has one."""
    document = ordinary_manifest()
    document["parcels"] *= 2
    document = json.loads(json.dumps(document))
    change(document, f"/parcels/1{pointer}", value)
    acknowledgement = Intake().answer(document)
    fault = acknowledgement.faults[0]
    assert (fault.rule_id, fault.pointer) == (rule_id, f"/parcels/1{pointer}")
    assert fault.parcel_id == "LX123456785CN"
    assert acknowledgement.rejected_parcels == 1


@pytest.mark.parametrize("number", ["1e400", "1E+999999", "-0.0", "1" * 5_000, "1e-400"])
def test_an_extreme_number_refuses_its_parcel_by_a_data_rule(number: str) -> None:
    acknowledgement = Intake().answer(with_text('"24.90"', number))
    assert acknowledgement.faults[0].rule_id == "DQ17"


def test_a_number_is_read_digit_by_digit() -> None:
    intake = Intake()
    intake.publish(with_text('"24.90"', "123456789.01"))
    assert str(intake.announced[0].parcel.items[0].intrinsic_value) == "123456789.01"


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    intake = Intake()
    intake.publish(with_text('"quantity": 2', '"quantity": 2, "quantity": 3'))
    assert intake.announced[0].parcel.items[0].quantity == 3


@pytest.mark.parametrize(
    "name", ["x - at `$.items`", " - at `$", "y" * 500_000 + " - at `$." + "z" * 300_000, "\x1b[2J"]
)
def test_the_name_of_an_unknown_field_is_shown_short_and_printable(name: str) -> None:
    document = ordinary_manifest()
    document["parcels"][0][name] = 1
    fault = Intake().answer(document).faults[0]
    assert fault.rule_id == "DQ01"
    assert len(fault.text) < 400
    assert len(fault.pointer) < 200
    assert fault.text.isprintable()


@pytest.mark.parametrize(
    ("field", "value"),
    [("carrier", "SWIFTPOST\n"), ("manifest_id", "SP\0"), ("conveyance_reference", "LH\x1b")],
)
def test_control_characters_in_the_header_refuse_the_manifest(field: str, value: str) -> None:
    document = {**ordinary_manifest(), field: value}
    intake = Intake()
    intake.publish(document, key=f"{document['carrier']}/{document['manifest_id']}".encode())
    (acknowledgement,) = intake.acknowledgements
    (fault,) = acknowledgement.faults
    assert (fault.rule_id, fault.pointer) == ("DQ30", f"/{field}")
    assert fault.value.isprintable()


def test_a_decoder_path_becomes_a_json_pointer() -> None:
    assert json_pointer("$.items[0].intrinsic_value") == "/items/0/intrinsic_value"
    assert json_pointer("$") == ""


def test_the_key_of_the_ordinary_manifest() -> None:
    """The other tests rest on it."""
    assert Intake().answer(TEXT).carrier.encode() == KEY.split(b"/")[0]
