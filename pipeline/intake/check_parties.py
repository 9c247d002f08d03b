"""Checks of consignor and consignee."""

from collections.abc import Callable, Iterator, Set
from functools import lru_cache

from pipeline.intake.finding import Finding
from pipeline.model import Parcel, Party
from pipeline.reference.codes import country_names

NAME_LETTERS_MIN = 2


def parties_checker(
    placeholder_names: Set[str], countries_without_postcodes: Set[str]
) -> Callable[[Parcel], Iterator[Finding]]:
    """The check of parties with its two lists: DQ05, DQ06, DQ08, DQ09, DQ10."""
    placeholders = frozenset(map(_squeezed, placeholder_names))
    countries = country_names()

    @lru_cache(maxsize=65_536)
    def name_fault(name: str) -> str:
        # Senders repeat, so results are kept.
        return "DQ06" if _squeezed(name) in placeholders else _letters_fault(name)

    def check_party(pointer: str, party: Party) -> Iterator[Finding]:
        fault = name_fault(party.name)
        if fault:
            yield Finding(fault, f"{pointer}/name", party.name)
        address = party.address
        if not address.street_and_number.strip() and not address.po_box.strip():
            yield Finding("DQ08", f"{pointer}/address/street_and_number", "")
        if address.country not in countries:
            yield Finding("DQ09", f"{pointer}/address/country", address.country)

    def check_parties(parcel: Parcel) -> Iterator[Finding]:
        yield from check_party("/consignor", parcel.consignor)
        yield from check_party("/consignee", parcel.consignee)
        address = parcel.consignee.address
        if not address.postcode.strip() and address.country not in countries_without_postcodes:
            yield Finding("DQ10", "/consignee/address/postcode", "")

    return check_parties


def _squeezed(name: str) -> str:
    """A name without case, spaces, and the marks with which placeholders are decorated."""
    return "".join(name.split()).casefold().strip(".-_*")


def _letters_fault(name: str) -> str:
    letters = sum(map(str.isalpha, name))
    if letters >= NAME_LETTERS_MIN:
        return ""
    # One letter of a script with syllables or ideographs may be a whole name; so may "3M".
    return "" if letters and (not name.isascii() or len(name.strip()) > 1) else "DQ05"
