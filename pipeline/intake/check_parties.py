"""Checks of consignor and consignee."""

import re
from functools import lru_cache

from pipeline.intake.check_addresses import AddressCheck
from pipeline.intake.check_texts import check_party_texts
from pipeline.intake.circumstances import Circumstances
from pipeline.intake.finding import Finding
from pipeline.intake.placeholders import squeezed
from pipeline.intake.rules import DataRules
from pipeline.model import Address, Parcel, Party

PHONE_DIGITS_MIN, PHONE_DIGITS_MAX = 5, 15
PARTIES_REMEMBERED_MAX = 65_536
NO_ADDRESS = Address()
_TWO_LETTERS = re.compile(r"[^\W\d_].*[^\W\d_]", re.DOTALL)
_EMAIL = re.compile(r"[^\s@,;<>()]{1,64}@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,63}")
_PHONE = re.compile(r"\+?[0-9 ()./-]+(?:(?:ext|x)\.? ?[0-9]{1,6})?", re.IGNORECASE)
_IDENTIFICATION = re.compile(r"[\w ./&-]*[1-9][\w ./&-]*")


class PartiesCheck:
    """DQ05 to DQ10b, DQ24, DQ25, and DQ30 of the consignor's texts."""

    def __init__(self, rules: DataRules) -> None:
        self._placeholders = frozenset(map(squeezed, rules.terms("placeholder_names")))
        self._forwarders = rules.terms("forwarders")
        self._first_words = frozenset(name.split()[0] for name in self._forwarders)
        self._check_address = AddressCheck(rules)
        # Senders repeat, and so do names, so what was found is kept.
        self._name_fault = lru_cache(maxsize=PARTIES_REMEMBERED_MAX)(self._judge_name)
        self._consignor_faults = lru_cache(maxsize=PARTIES_REMEMBERED_MAX)(self._judge_consignor)

    def __call__(self, parcel: Parcel, circumstances: Circumstances, found: list[Finding]) -> None:
        """What consignor and consignee of a parcel break."""
        found += self._consignor_faults(parcel.consignor)
        consignee = parcel.consignee
        self._check_party("/consignee", consignee, found)
        name = consignee.name.casefold()
        if name and name in (circumstances.carrier, parcel.platform.casefold()):
            found.append(Finding("DQ07", "/consignee/name", consignee.name))

    def _judge_consignor(self, consignor: Party) -> tuple[Finding, ...]:
        found: list[Finding] = []
        self._check_party("/consignor", consignor, found)
        check_party_texts("/consignor", consignor, found)
        return tuple(found)

    def _check_party(self, pointer: str, party: Party, found: list[Finding]) -> None:
        if not known_by_identification(party):
            fault = self._name_fault(party.name)
            if fault:
                found.append(Finding(fault, f"{pointer}/name", party.name))
            self._check_address(pointer, party.address, found)
        if party.email and not _EMAIL.fullmatch(party.email):
            found.append(Finding("DQ24", f"{pointer}/email", party.email))
        if party.phone and not is_phone_number(party.phone):
            found.append(Finding("DQ24b", f"{pointer}/phone", party.phone))
        if party.identification and not is_identification(party.identification):
            found.append(Finding("DQ25", f"{pointer}/identification", party.identification))

    def _judge_name(self, name: str) -> str:
        if squeezed(name) in self._placeholders:
            return "DQ06"
        words = name.casefold().split()
        if "c/o" in words or (words and words[0] in self._first_words and self._forwards(words)):
            return "DQ07"
        return _letters_fault(name)

    def _forwards(self, words: list[str]) -> bool:
        beginnings = (" ".join(words[:count]) for count in range(1, len(words) + 1))
        return any(map(self._forwarders.__contains__, beginnings))


def known_by_identification(party: Party) -> bool:
    """Whether a party has an identification, such as an EORI, in place of name and address."""
    return bool(party.identification) and not party.name and party.address == NO_ADDRESS


def _letters_fault(name: str) -> str:
    if _TWO_LETTERS.search(name):
        return ""
    # One letter of a script with syllables or ideographs may be a whole name; so may "3M".
    may_be_whole = not name.isascii() or len(name.strip()) > 1
    return "" if may_be_whole and any(map(str.isalpha, name)) else "DQ05"


def is_identification(text: str) -> bool:
    """Whether a text can be a number that an authority gave."""
    return _IDENTIFICATION.fullmatch(text) is not None


def is_phone_number(text: str) -> bool:
    """Whether a text has the form of a telephone number (ITU-T E.123, at most 15 digits)."""
    if not _PHONE.fullmatch(text):
        return False
    digits = "".join(filter(str.isdigit, text.casefold().partition("x")[0]))
    return PHONE_DIGITS_MIN <= len(digits) <= PHONE_DIGITS_MAX and len(set(digits)) > 1
