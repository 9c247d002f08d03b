"""Units of legal parameters, and what a value of each must look like."""

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation
from typing import NamedTuple

HS_CODES = "HS codes"
SHARE_OF_VALUE = "share of value"
ROUNDING = "rounding"
PATTERN = "pattern"
NUMBER_MAX = Decimal(10) ** 9

_HS_CODE_LIST = re.compile(r"\d{2,10}( \d{2,10})*")
_MONEY = re.compile(r"([A-Z]{3})( per .+)?")
_ROUNDING = re.compile(r"(\d+(?:\.\d+)?) (down|half_up|up)")
_MODES = {"down": ROUND_DOWN, "half_up": ROUND_HALF_UP, "up": ROUND_UP}


_CENT, _ONE = Decimal("0.01"), Decimal(1)


class Rounding(NamedTuple):
    """To multiples of `step`."""

    step: Decimal
    mode: str

    def __call__(self, amount: Decimal) -> Decimal:
        """The amount rounded; it keeps two decimals unless the step has fewer."""
        step, mode = self
        if step == _CENT:
            return amount.quantize(_CENT, mode)
        return (amount / step).quantize(_ONE, mode) * step


TO_THE_CENT = Rounding(Decimal("0.01"), ROUND_HALF_UP)


def currency_of(unit: str) -> str:
    """The currency of a unit of money such as "EUR per item"; empty for other units."""
    money = _MONEY.fullmatch(unit)
    return money[1] if money else ""


def rounding_of(text: str) -> Rounding:
    """The rounding that a text such as "100 down" means; it must have been checked."""
    step, mode = text.split()
    return Rounding(Decimal(step), _MODES[mode])


def fault_of(unit: str, value: str) -> str:
    """What is wrong with a value of a unit; empty if nothing is."""
    if unit == HS_CODES:
        fine = _HS_CODE_LIST.fullmatch(value)
        return "" if fine else f"{value!r} is not a list of HS codes with single spaces"
    if unit == ROUNDING:
        fine = _ROUNDING.fullmatch(value)
        good = fine is not None and Decimal(fine[1]) > 0
        return "" if good else f'{value!r} is not a rounding such as "0.01 half_up"'
    if unit == PATTERN:
        return _fault_of_pattern(value)
    if unit != SHARE_OF_VALUE and not currency_of(unit):
        return f"the unit {unit!r} is unknown"
    return _fault_of_number(value, Decimal(1) if unit == SHARE_OF_VALUE else NUMBER_MAX)


def _fault_of_pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        return f"{value!r} is not a regular expression: {error}"
    return ""


def _fault_of_number(value: str, most: Decimal) -> str:
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        return f"{value!r} is not a number"
    return "" if 0 <= number <= most else f"{value} is not from 0 to {most:f}"
