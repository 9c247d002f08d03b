"""Rates of duty as official tariffs write them, in the rule book's words (see `duty_rate`).

What cannot be said exactly there (other units, agricultural components, entry prices) is None.
"""

import re
from decimal import Decimal

PER_PIECE, PER_KG = "piece", "kg"

_NUMBER = r"\d+(?:\.\d+)?"
_SHARE = re.compile(rf"({_NUMBER})\s*%")
_MONEY = re.compile(rf"({_NUMBER})\s+([A-Z]{{3}})\s*/?\s*(.+)")
_EXPRESSION = re.compile(r"(?P<first>.+?)(?: MIN (?P<least>.+?))?(?: MAX (?P<most>.+))?")
_CENTS = re.compile(rf"({_NUMBER})¢(?:/|\s)(.+)")
_DOLLARS = re.compile(rf"\$({_NUMBER})(?:/|\s)(.+)")

# Codes of TARIC, and the words of the UK's service for the same: how many of our units one is.
_UNITS = {
    "NAR": (PER_PIECE, 1),
    "item": (PER_PIECE, 1),
    "p/st": (PER_PIECE, 1),
    "MIL": (PER_PIECE, 1_000),
    "1000 items": (PER_PIECE, 1_000),
    "1000 p/st": (PER_PIECE, 1_000),
    "CEN": (PER_PIECE, 100),
    "100 items": (PER_PIECE, 100),
    "KGM": (PER_KG, 1),
    "kg": (PER_KG, 1),
    "DTN": (PER_KG, 100),
    "100 kg": (PER_KG, 100),
    "TNE": (PER_KG, 1_000),
    "1000 kg": (PER_KG, 1_000),
}
_US_UNITS = {"kg": PER_KG, "each": PER_PIECE, "No.": PER_PIECE}


def european(text: str) -> str | None:
    """Of TARIC or the UK's service: "4.500 % MIN 0.300 EUR NAR MAX 0.800 EUR NAR"."""
    text = " ".join(text.split())
    if text in {"NIHIL", "Free"}:
        return "0 %"
    whole = _EXPRESSION.fullmatch(text)
    if whole is None:
        return None
    parts = [_part(part) for part in whole["first"].split(" + ")]
    least = _part(whole["least"]) if whole["least"] else ""
    most = _part(whole["most"]) if whole["most"] else ""
    if None in (*parts, least, most):
        return None
    bounds = (f" min {least}" if least else "") + (f" max {most}" if most else "")
    return " + ".join(filter(None, parts)) + bounds


def american(text: str) -> str | None:
    """Of the Harmonized Tariff Schedule: "Free", "16.5%", "4.4¢/kg", "$1.50/kg + 2.5%"."""
    text = " ".join(text.split())
    if text == "Free":
        return "0 %"
    parts = [_american_part(part) for part in text.split(" + ")]
    return None if None in parts else " + ".join(filter(None, parts))


def _part(text: str) -> str | None:
    share = _SHARE.fullmatch(text)
    if share:
        return f"{_plain(Decimal(share[1]))} %"
    money = _MONEY.fullmatch(text)
    unit = _UNITS.get(money[3]) if money else None
    if money is None or unit is None:
        return None
    return f"{_plain(Decimal(money[1]) / unit[1])} {money[2]}/{unit[0]}"


def _american_part(text: str) -> str | None:
    share = _SHARE.fullmatch(text)
    if share:
        return f"{_plain(Decimal(share[1]))} %"
    cents, dollars = _CENTS.fullmatch(text), _DOLLARS.fullmatch(text)
    found = cents or dollars
    unit = _US_UNITS.get(found[2]) if found else None
    if found is None or unit is None:
        return None
    amount = Decimal(found[1]) / (100 if cents else 1)
    return f"{_plain(amount)} USD/{unit}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
