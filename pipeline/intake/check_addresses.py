"""Checks of one address."""

import re
from collections.abc import Iterator

from pipeline.intake.finding import Finding
from pipeline.intake.placeholders import squeezed
from pipeline.intake.rules import DataRules
from pipeline.intake.texts import (
    CITY_CHARACTERS_MAX,
    STREET_CHARACTERS_MAX,
    is_plain,
    text_faults,
)
from pipeline.model.parcel import Address
from pipeline.reference.codes import country_names, postcode_patterns

_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_COUNTRY_BEFORE_POSTCODE = re.compile(r"[A-Z]{1,3}-(?=\d)")
_BETWEEN_WORDS = re.compile(r"[\s,]+")


class AddressCheck:
    """DQ06, DQ08 to DQ10b and DQ30 of an address; a postcode is asked of consignees only."""

    def __init__(self, rules: DataRules) -> None:
        self._placeholders = frozenset(map(squeezed, rules.terms("placeholder_addresses")))
        self._seldom_postcodes = rules.terms("countries_with_seldom_postcodes")
        self._house_number_countries = rules.terms("house_number_countries")
        self._words_for_no_number = rules.terms("words_for_no_number")
        self._countries = country_names()
        self._postcode_patterns = postcode_patterns()

    def __call__(self, pointer: str, address: Address) -> Iterator[Finding]:
        """What the address at a pointer, such as `/consignee/address`, breaks."""
        street, city = address.street_and_number, address.city
        fault = self._street_fault(address)
        if fault:
            yield Finding(fault, f"{pointer}/street_and_number", street)
        if not _LETTER.search(city):
            yield Finding("DQ08b", f"{pointer}/city", city)
        elif squeezed(city) in self._placeholders:
            yield Finding("DQ06", f"{pointer}/city", city)
        if address.country not in self._countries:
            yield Finding("DQ08c", f"{pointer}/country", address.country)
        fault = self._postcode_fault(address)
        if fault and (fault != "DQ10" or pointer.startswith("/consignee")):
            yield Finding(fault, f"{pointer}/postcode", address.postcode)
        if (
            not is_plain(f"{street}{city}{address.po_box}{address.postcode}{address.subdivision}")
            or len(street) == STREET_CHARACTERS_MAX
            or len(city) == CITY_CHARACTERS_MAX
        ):
            yield from _text_faults(pointer, address)

    def _street_fault(self, address: Address) -> str:
        street = address.street_and_number
        if not _LETTER_OR_DIGIT.search(street):
            return "" if _LETTER_OR_DIGIT.search(address.po_box) else "DQ08"
        if squeezed(street) in self._placeholders:
            return "DQ06"
        return "" if _DIGIT.search(street) else self._house_number_fault(address)

    def _house_number_fault(self, address: Address) -> str:
        words = _BETWEEN_WORDS.split(address.street_and_number.casefold())
        asked_for = (
            address.country in self._house_number_countries
            and not address.po_box
            and self._words_for_no_number.isdisjoint(words)
        )
        return "DQ09" if asked_for else ""

    def _postcode_fault(self, address: Address) -> str:
        pattern = self._postcode_patterns.get(address.country)
        if pattern is None or pattern.fullmatch(address.postcode):
            return ""
        postcode = address.postcode.strip()
        if not postcode:
            return "" if address.country in self._seldom_postcodes else "DQ10"
        bare = _COUNTRY_BEFORE_POSTCODE.sub("", postcode, count=1)
        return "" if pattern.fullmatch(bare) else "DQ10b"


def _text_faults(pointer: str, address: Address) -> Iterator[Finding]:
    street = address.street_and_number
    yield from text_faults(f"{pointer}/street_and_number", street, STREET_CHARACTERS_MAX)
    yield from text_faults(f"{pointer}/city", address.city, CITY_CHARACTERS_MAX)
    yield from text_faults(f"{pointer}/po_box", address.po_box)
    yield from text_faults(f"{pointer}/postcode", address.postcode)
    yield from text_faults(f"{pointer}/subdivision", address.subdivision)
