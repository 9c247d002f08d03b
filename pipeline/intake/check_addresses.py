"""Checks of one address."""

import re
from functools import lru_cache

from pipeline.intake.finding import Finding
from pipeline.intake.placeholders import squeezed
from pipeline.intake.rules import DataRules
from pipeline.model.parcel import Address
from pipeline.reference.codes import country_names, postcode_patterns

CITIES_REMEMBERED_MAX = 65_536
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_COUNTRY_BEFORE_POSTCODE = re.compile(r"[A-Z]{1,3}-(?=\d)")
_BETWEEN_WORDS = re.compile(r"[\s,]+")


class AddressCheck:
    """DQ06 and DQ08 to DQ10b of an address; a postcode is asked of consignees only."""

    def __init__(self, rules: DataRules) -> None:
        self._placeholders = frozenset(map(squeezed, rules.terms("placeholder_addresses")))
        self._seldom_postcodes = rules.terms("countries_with_seldom_postcodes")
        self._house_number_countries = rules.terms("house_number_countries")
        self._words_for_no_number = rules.terms("words_for_no_number")
        self._countries = country_names()
        self._postcode_patterns = postcode_patterns()
        self._city_fault = lru_cache(maxsize=CITIES_REMEMBERED_MAX)(self._judge_city)

    def __call__(self, party: str, address: Address, found: list[Finding]) -> None:
        """What the address of a party, such as `/consignee`, breaks."""
        street = address.street_and_number
        # A number tells most streets from everything that could stand for none.
        fault = "" if _DIGIT.search(street) else self._street_fault(address)
        if fault:
            found.append(Finding(fault, f"{party}/address/street_and_number", street))
        fault = self._city_fault(address.city)
        if fault:
            found.append(Finding(fault, f"{party}/address/city", address.city))
        if address.country not in self._countries:
            found.append(Finding("DQ08c", f"{party}/address/country", address.country))
        pattern = self._postcode_patterns.get(address.country)
        if pattern and not pattern.fullmatch(address.postcode):
            fault = self._postcode_fault(address, pattern)
            if fault and (fault != "DQ10" or party == "/consignee"):
                found.append(Finding(fault, f"{party}/address/postcode", address.postcode))

    def _street_fault(self, address: Address) -> str:
        street = address.street_and_number
        if not _LETTER_OR_DIGIT.search(street):
            return "" if _LETTER_OR_DIGIT.search(address.po_box) else "DQ08"
        if squeezed(street) in self._placeholders:
            return "DQ06"
        number_asked_for = (
            address.country in self._house_number_countries
            and not address.po_box
            and self._words_for_no_number.isdisjoint(_BETWEEN_WORDS.split(street.casefold()))
        )
        return "DQ09" if number_asked_for else ""

    def _judge_city(self, city: str) -> str:
        if not _LETTER.search(city):
            return "DQ08b"
        return "DQ06" if squeezed(city) in self._placeholders else ""

    def _postcode_fault(self, address: Address, pattern: re.Pattern[str]) -> str:
        postcode = address.postcode.strip()
        if not postcode:
            return "" if address.country in self._seldom_postcodes else "DQ10"
        bare = _COUNTRY_BEFORE_POSTCODE.sub("", postcode, count=1)
        return "" if pattern.fullmatch(bare) else "DQ10b"
