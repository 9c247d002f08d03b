"""Rates of duty as tariffs write them: ad valorem, specific, compound, with least and most."""

import re
from decimal import Decimal
from typing import NamedTuple

SHARE_MAX = Decimal(10)
_SHARE = re.compile(r"(\d+(?:\.\d+)?) %")
_SPECIFIC = re.compile(r"(\d+(?:\.\d+)?) ([A-Z]{3})/(piece|kg)")
_EXPRESSION = re.compile(r"(?P<first>.+?)(?: min (?P<least>.+?))?(?: max (?P<most>.+))?")


class SpecificRate(NamedTuple):
    """An amount of money for each piece, or each kilogram of net mass."""

    amount: Decimal
    currency: str
    per: str


class DutyRate(NamedTuple):
    """`share` x value + `specific` x quantity, not less than `least`, not more than `most`."""

    text: str
    share: Decimal | None = None
    specific: SpecificRate | None = None
    least: SpecificRate | None = None
    most: SpecificRate | None = None

    @property
    def is_free(self) -> bool:
        """Whether nothing is due at this rate, whatever the goods."""
        return not self.share and not self.specific and not self.least

    @property
    def is_ad_valorem(self) -> bool:
        """Whether the rate is a share of the value and nothing else."""
        return not (self.specific or self.least or self.most)


def parse_duty_rate(text: str) -> DutyRate:
    """Read a rate: "12 %", "2.00 EUR/kg", "10 % + 1.50 EUR/piece", "4.5 % min 0.30 EUR/piece".

    Raises:
        ValueError: it is none of these, or a share above 1000 %.
    """
    whole = _EXPRESSION.fullmatch(text)
    if whole is None:
        raise ValueError(f"{text!r} is no rate of duty")
    share = specific = None
    for part in whole["first"].split(" + "):
        percentage = _SHARE.fullmatch(part)
        if percentage and share is None:
            share = Decimal(percentage[1]) / 100
            if share > SHARE_MAX:
                raise ValueError(f"{part} is above {SHARE_MAX * 100} %")
        elif specific is None:
            specific = _specific(part)
        else:
            raise ValueError(f"{text!r} has a part more than once")
    least = _specific(whole["least"]) if whole["least"] else None
    most = _specific(whole["most"]) if whole["most"] else None
    return DutyRate(text, share, specific, least, most)


def _specific(text: str) -> SpecificRate:
    found = _SPECIFIC.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no rate of duty such as 12 % or 2.00 EUR/kg")
    return SpecificRate(Decimal(found[1]), found[2], found[3])
