"""Checks of a parcel as a whole: identification, destination, characters."""

import unicodedata
from collections.abc import Iterator

from pipeline.intake.finding import Finding
from pipeline.model import Parcel

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
        if not text.isprintable() and any(map(_is_control, text)):
            yield Finding("DQ30", pointer, text)


def looks_like_s10(parcel_id: str) -> bool:
    """Whether an id has the form of a postal item id: AA NNNNNNNN C CC."""
    return (
        len(parcel_id) == S10_LENGTH
        and parcel_id.isascii()
        and parcel_id[2:11].isdigit()
        and parcel_id[:2].isalpha()
        and parcel_id[11:].isalpha()
    )


def s10_check_digit(serial: str) -> int:
    """Check digit of eight digits (UPU S10)."""
    total = sum(weight * int(digit) for weight, digit in zip(S10_WEIGHTS, serial, strict=True))
    return {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)


def _texts(parcel: Parcel) -> Iterator[tuple[str, str]]:
    yield "/parcel_id", parcel.parcel_id
    for role, party in (("consignor", parcel.consignor), ("consignee", parcel.consignee)):
        yield f"/{role}/name", party.name
        yield f"/{role}/address/street_and_number", party.address.street_and_number
        yield f"/{role}/address/city", party.address.city
    for index, item in enumerate(parcel.items):
        yield f"/items/{index}/description", item.description


def _is_control(character: str) -> bool:
    # Cf (such as joiners) belongs to several scripts; Cc and surrogates to none.
    return unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")
