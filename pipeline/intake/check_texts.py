"""Checks of the characters of all texts: control characters, damage, a cut end."""

import re
import unicodedata

from pipeline.intake.circumstances import Circumstances
from pipeline.intake.finding import Finding
from pipeline.model import Parcel, Party

NAME_CHARACTERS_MAX, STREET_CHARACTERS_MAX, CITY_CHARACTERS_MAX = 70, 70, 35
_OF_ADDRESSES = {
    "street_and_number": STREET_CHARACTERS_MAX,
    "city": CITY_CHARACTERS_MAX,
    "po_box": None,
    "postcode": None,
    "subdivision": None,
}
QUESTION_MARKS = "???"
_DAMAGED = re.compile(r"\ufffd|[\u00c2\u00c3][\u0080-\u00bf]|\u00e2\u20ac")
"""The sign for what could not be read, and UTF-8 that was taken for Latin-1 or Windows-1252."""


def check_texts(parcel: Parcel, _: Circumstances, found: list[Finding]) -> None:
    """DQ30 to DQ30c of the consignee's texts, and of the parcel's own."""
    consignee, parcel_id = parcel.consignee, parcel.parcel_id
    if not _are_plain(consignee, f"{parcel_id}{parcel.vendor_scheme_id}{parcel.platform}"):
        check_party_texts("/consignee", consignee, found)
        check_text("/parcel_id", parcel_id, found)
        check_text("/vendor_scheme_id", parcel.vendor_scheme_id, found)
        check_text("/platform", parcel.platform, found)


def check_party_texts(pointer: str, party: Party, found: list[Finding]) -> None:
    """DQ30 to DQ30c of a party."""
    address = party.address
    check_text(f"{pointer}/name", party.name, found, NAME_CHARACTERS_MAX)
    check_text(f"{pointer}/email", party.email, found)
    check_text(f"{pointer}/phone", party.phone, found)
    check_text(f"{pointer}/identification", party.identification, found)
    for name, characters_max in _OF_ADDRESSES.items():
        check_text(f"{pointer}/address/{name}", getattr(address, name), found, characters_max)


def _are_plain(party: Party, more: str) -> bool:
    """Told quickly: no text of a party, and no other, can be at fault."""
    name, address = party.name, party.address
    street, city = address.street_and_number, address.city
    text = (
        f"{name}{street}{city}{address.postcode}{address.po_box}{address.subdivision}"
        f"{party.email}{party.phone}{party.identification}{more}"
    )
    return (
        text.isprintable()
        and QUESTION_MARKS not in text
        and (text.isascii() or not _DAMAGED.search(text))
        and len(name) < NAME_CHARACTERS_MAX
        and len(street) < STREET_CHARACTERS_MAX
        and len(city) < CITY_CHARACTERS_MAX
    )


def check_text(
    pointer: str, text: str, found: list[Finding], characters_max: int | None = None
) -> None:
    """DQ30, DQ30b, DQ30c of one text; without a limit, whether it is cut off is not asked."""
    if not text.isprintable() and has_control_characters(text):
        found.append(Finding("DQ30", pointer, text))
    if len(text) == characters_max:
        found.append(Finding("DQ30b", pointer, text))
    if QUESTION_MARKS in text or _DAMAGED.search(text):
        found.append(Finding("DQ30c", pointer, text))


def has_control_characters(text: str) -> bool:
    """Whether a text holds characters of Unicode's category Cc.

    Other unprintable ones have their use: joiners in several scripts, letters newer than this
    Python's tables, letters of private use in old Chinese systems.
    """
    return any(unicodedata.category(character) == "Cc" for character in text)
