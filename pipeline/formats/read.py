"""How single values are read: masses to kilograms, instants of EDIFACT, whole numbers."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

_POUND = Decimal("0.45359237")
KILOGRAMS: Mapping[str, Decimal] = {
    "": Decimal(1),
    "KGM": Decimal(1),
    "KG": Decimal(1),
    "K": Decimal(1),
    "GRM": Decimal("0.001"),
    "G": Decimal("0.001"),
    "TNE": Decimal(1_000),
    "LBR": _POUND,
    "LB": _POUND,
    "L": _POUND,
}
"""Units of mass, by UN/ECE Recommendation 20 and Cargo-IMP; the pound is the international one."""
_MILLIGRAM = Decimal("0.000001")
_DIGITS_MAX = 20
_COMPACT_INSTANT = re.compile(
    r"(?P<day>\d{8})(?P<time>\d{4}(?:\d\d)?)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)


class MisreadError(Exception):
    """A value that cannot be read; the text says why, the pointer where."""

    def __init__(self, why: str, pointer: str = "") -> None:
        super().__init__(why)
        self.pointer = pointer


def kilograms(text: str, unit: str) -> str:
    """A mass in kilograms, to the milligram where the unit is another.

    Raises:
        MisreadError: the unit is none of `KILOGRAMS`.
    """
    factor = KILOGRAMS.get(unit.upper())
    if factor is None:
        raise MisreadError(f"the unit of mass {unit!r} is none of {', '.join(KILOGRAMS)[2:]}")
    if factor == 1 or len(text) > _DIGITS_MAX:
        return text
    try:
        return f"{(Decimal(text) * factor).quantize(_MILLIGRAM).normalize():f}"
    except InvalidOperation:
        return text  # what is no number is refused where numbers are checked


def total(texts: list[str]) -> str | None:
    """The sum of numbers; None if one of them is none."""
    try:
        return str(sum(map(Decimal, texts)))
    except InvalidOperation:
        return None


def _whole(text: str) -> str:
    """Digits of a whole number that may be written with decimals: 50.0 is 50."""
    number, point, decimals = text.partition(".")
    return number if point and not decimals.strip("0") else text


def _instant(text: str) -> str:
    """CCYYMMDD[HHMM[SS]][zone] (UN/EDIFACT 2379) as RFC 3339; without a zone it is UTC."""
    found = _COMPACT_INSTANT.fullmatch(text)
    if not found:
        return text
    day, time, zone = found["day"], (found["time"] or "").ljust(6, "0"), found["zone"] or "Z"
    if zone != "Z":
        zone = f"{zone[:3]}:{zone[3:].lstrip(':') or '00'}"
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}{zone}"


READERS: Mapping[str, Callable[[str], str]] = {
    "text": lambda text: text,
    "whole": _whole,
    "instant": _instant,
}
"""By the name that a table gives; `mass` and `total` need a unit and stand in `extract`."""
