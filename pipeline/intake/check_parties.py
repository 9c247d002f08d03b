"""Checks of consignor and consignee."""

from collections.abc import Iterator
from functools import lru_cache

from pipeline.intake.finding import Finding
from pipeline.model import Parcel, Party
from pipeline.reference.codes import country_names

PLACEHOLDER_NAMES = frozenset(
    [
        "na",
        "n/a",
        "none",
        "unknown",
        "test",
        "same",
        "samee",
        "sameasconsignee",
        "sameasconsignor",
        "sameasabove",
        "toorder",
        "xx",
        "xxx",
        "xxxx",
        "aa",
        "aaa",
        "customer",
        "recipient",
        "sender",
        "receiver",
        "resident",
        "occupant",
        "consignee",
        "consignor",
        "dot",
        "dash",
        "noname",
        "name",
    ]
)
NAME_LETTERS_MIN = 2
COUNTRIES_WITHOUT_POSTCODES = frozenset(
    [
        "AE",
        "AG",
        "AN",
        "AO",
        "AW",
        "BF",
        "BI",
        "BJ",
        "BO",
        "BS",
        "BW",
        "BZ",
        "CD",
        "CF",
        "CG",
        "CI",
        "CK",
        "CM",
        "DJ",
        "DM",
        "ER",
        "FJ",
        "GD",
        "GH",
        "GM",
        "GN",
        "GQ",
        "GY",
        "HK",
        "IE",
        "JM",
        "KE",
        "KI",
        "KM",
        "KN",
        "LC",
        "ML",
        "MO",
        "MR",
        "MU",
        "MW",
        "NR",
        "NU",
        "PA",
        "QA",
        "RW",
        "SB",
        "SC",
        "SL",
        "SR",
        "ST",
        "SY",
        "TD",
        "TF",
        "TG",
        "TK",
        "TL",
        "TO",
        "TT",
        "TV",
        "TZ",
        "UG",
        "VU",
        "WS",
        "YE",
        "ZA",
        "ZW",
    ]
)


def check_parties(parcel: Parcel) -> Iterator[Finding]:
    """DQ05, DQ06, DQ08, DQ09, DQ10."""
    yield from _check_party("/consignor", parcel.consignor)
    yield from _check_party("/consignee", parcel.consignee)
    address = parcel.consignee.address
    if not address.postcode.strip() and address.country not in COUNTRIES_WITHOUT_POSTCODES:
        yield Finding("DQ10", "/consignee/address/postcode", "")


def _check_party(pointer: str, party: Party) -> Iterator[Finding]:
    fault = _name_fault(party.name)
    if fault:
        yield Finding(fault, f"{pointer}/name", party.name)
    address = party.address
    if not address.street_and_number.strip() and not address.po_box.strip():
        yield Finding("DQ08", f"{pointer}/address/street_and_number", "")
    if address.country not in country_names():
        yield Finding("DQ09", f"{pointer}/address/country", address.country)


@lru_cache(maxsize=65_536)
def _name_fault(name: str) -> str:
    """The rule a name breaks, or nothing. Senders repeat, so results are kept."""
    if "".join(name.split()).casefold().strip(".-_*") in PLACEHOLDER_NAMES:
        return "DQ06"
    letters = sum(map(str.isalpha, name))
    if letters >= NAME_LETTERS_MIN:
        return ""
    # One letter of a script with syllables or ideographs may be a whole name; so may "3M".
    return "" if letters and (not name.isascii() or len(name.strip()) > 1) else "DQ05"
