"""Checks of a parcel as a whole: identification, destination, characters."""

import unicodedata
from collections.abc import Iterator

from pipeline.intake.finding import Finding
from pipeline.model import Parcel
from pipeline.reference.codes import country_names

S10_LENGTH = 13
S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def check_parcel(parcel: Parcel, destination_country: str) -> Iterator[Finding]:
    """DQ03, DQ11, DQ30."""
    parcel_id = parcel.parcel_id
    if looks_like_s10(parcel_id) and s10_check_digit(parcel_id[2:10]) != int(parcel_id[10]):
        yield Finding("DQ03", "/parcel_id", parcel_id)
    country = parcel.consignee.address.country
    if country != destination_country:
        yield Finding("DQ11", "/consignee/address/country", country)
    for pointer, text in _texts(parcel):
        if not text.isprintable() and has_control_characters(text):
            yield Finding("DQ30", pointer, text)


def looks_like_s10(parcel_id: str) -> bool:
    """Whether an id has the form of a postal item id: AA NNNNNNNN C CC, CC a country."""
    return (
        len(parcel_id) == S10_LENGTH
        and parcel_id.isascii()
        and parcel_id[2:11].isdigit()
        and parcel_id[:2].isalpha()
        and parcel_id[11:] in country_names()
    )


def s10_check_digit(serial: str) -> int:
    """Check digit of eight digits (UPU S10)."""
    total = sum(weight * int(digit) for weight, digit in zip(S10_WEIGHTS, serial, strict=True))
    return {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)


def has_control_characters(text: str) -> bool:
    """Whether a text holds characters of Unicode's category Cc.

    Other unprintable ones have their use: joiners in several scripts, letters newer than this
    Python's tables, letters of private use in old Chinese systems.
    """
    return any(unicodedata.category(character) == "Cc" for character in text)


def _texts(parcel: Parcel) -> list[tuple[str, str]]:
    consignor, consignee = parcel.consignor, parcel.consignee
    return [
        ("/parcel_id", parcel.parcel_id),
        ("/consignor/name", consignor.name),
        ("/consignor/address/street_and_number", consignor.address.street_and_number),
        ("/consignor/address/city", consignor.address.city),
        ("/consignee/name", consignee.name),
        ("/consignee/address/street_and_number", consignee.address.street_and_number),
        ("/consignee/address/city", consignee.address.city),
        *[
            (f"/items/{index}/description", item.description)
            for index, item in enumerate(parcel.items)
        ],
    ]
