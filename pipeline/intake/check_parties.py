"""Checks of consignor and consignee."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from pipeline.intake.check_addresses import AddressCheck
from pipeline.intake.circumstances import Circumstances, ParcelCheck
from pipeline.intake.finding import Finding
from pipeline.intake.placeholders import squeezed
from pipeline.intake.rules import DataRules
from pipeline.intake.texts import NAME_CHARACTERS_MAX, is_plain, text_faults
from pipeline.model import Parcel, Party

NAME_LETTERS_MIN = 2
PHONE_DIGITS_MIN, PHONE_DIGITS_MAX = 5, 15
PARTIES_REMEMBERED_MAX = 65_536
_EMAIL = re.compile(r"[^\s@,;<>()]{1,64}@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,63}")
_PHONE = re.compile(r"\+?[0-9 ()./-]+(?:(?:ext|x)\.? ?[0-9]{1,6})?", re.IGNORECASE)
_IDENTIFICATION = re.compile(r"[\w ./&-]*[1-9][\w ./&-]*")


def parties_check(rules: DataRules) -> ParcelCheck:
    """DQ05 to DQ10, DQ24, DQ25, and DQ30 of the parties' texts."""
    name_fault = _name_checker(rules)
    check_address = AddressCheck(rules)

    def check_party(pointer: str, party: Party) -> Iterator[Finding]:
        fault = name_fault(party.name)
        if fault:
            yield Finding(fault, f"{pointer}/name", party.name)
        yield from check_address(f"{pointer}/address", party.address)
        if party.email or party.phone or party.identification:
            yield from _check_numbers(pointer, party)
        if not is_plain(f"{party.name}{party.email}{party.phone}{party.identification}") or (
            len(party.name) == NAME_CHARACTERS_MAX
        ):
            yield from text_faults(f"{pointer}/name", party.name, NAME_CHARACTERS_MAX)
            yield from text_faults(f"{pointer}/email", party.email)
            yield from text_faults(f"{pointer}/phone", party.phone)
            yield from text_faults(f"{pointer}/identification", party.identification)

    @lru_cache(maxsize=PARTIES_REMEMBERED_MAX)
    def check_consignor(consignor: Party) -> tuple[Finding, ...]:
        # Senders repeat, so what was found is kept.
        return tuple(check_party("/consignor", consignor))

    def check_parties(parcel: Parcel, circumstances: Circumstances) -> Iterable[Finding]:
        yield from check_consignor(parcel.consignor)
        yield from check_party("/consignee", parcel.consignee)
        consignee_name = parcel.consignee.name
        go_betweens = (circumstances.carrier, parcel.platform.casefold())
        if consignee_name.casefold() in go_betweens:
            yield Finding("DQ07", "/consignee/name", consignee_name)

    return check_parties


def _name_checker(rules: DataRules) -> Callable[[str], str]:
    placeholders = frozenset(map(squeezed, rules.terms("placeholder_names")))
    forwarders = rules.terms("forwarders")
    first_words = frozenset(name.split()[0] for name in forwarders)

    @lru_cache(maxsize=PARTIES_REMEMBERED_MAX)
    def name_fault(name: str) -> str:
        if squeezed(name) in placeholders:
            return "DQ06"
        words = name.casefold().split()
        if words and words[0] in first_words and _begins_with(words, forwarders):
            return "DQ07"
        return "DQ07" if "c/o" in words else _letters_fault(name)

    return name_fault


def _begins_with(words: list[str], names: frozenset[str]) -> bool:
    return any(" ".join(words[:count]) in names for count in range(1, len(words) + 1))


def _letters_fault(name: str) -> str:
    letters = sum(map(str.isalpha, name))
    if letters >= NAME_LETTERS_MIN:
        return ""
    # One letter of a script with syllables or ideographs may be a whole name; so may "3M".
    return "" if letters and (not name.isascii() or len(name.strip()) > 1) else "DQ05"


def _check_numbers(pointer: str, party: Party) -> Iterator[Finding]:
    if party.email and not _EMAIL.fullmatch(party.email):
        yield Finding("DQ24", f"{pointer}/email", party.email)
    if party.phone and not is_phone_number(party.phone):
        yield Finding("DQ24b", f"{pointer}/phone", party.phone)
    if party.identification and not _IDENTIFICATION.fullmatch(party.identification):
        yield Finding("DQ25", f"{pointer}/identification", party.identification)


def is_phone_number(text: str) -> bool:
    """Whether a text has the form of a telephone number (ITU-T E.123, at most 15 digits)."""
    if not _PHONE.fullmatch(text):
        return False
    digits = "".join(filter(str.isdigit, text.casefold().partition("x")[0]))
    return PHONE_DIGITS_MIN <= len(digits) <= PHONE_DIGITS_MAX and len(set(digits)) > 1
