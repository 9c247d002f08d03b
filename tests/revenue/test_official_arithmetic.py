"""The sample messages of the UK's declaration service: base, rate and assessed amount."""

import gzip
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from xml.etree import ElementTree

from tests.data import data_file
from tests.revenue.examples import Case, Goods, assess

MESSAGES = "uk_cds_sample_messages.json.gz"
EXCEPTIONS = {
    ("TT_IM036a", "10000.00", "0.16"): "the rate is shown with two decimals, it is 0.164",
    ("TT_IM041a", "12500.00", "4.90"): "countervailing duty that the trader's code withholds",
    ("TT_IM102a", "1000.00", "12.00"): "duty suspended: the amount stands in a line ACS of its own",
    ("TT_IM203a", "1000.00", "7.00"): "countervailing duty that the trader's code withholds",
}
"""Lines whose amount does not follow from base and rate: folder, base and rate, and the reason."""


def lines() -> Iterator[tuple[str, dict[str, str]]]:
    """All tax lines with an assessed amount: name of the message and the line's fields."""
    with gzip.open(data_file(MESSAGES)) as file:
        messages = json.load(file)
    for message in messages:
        try:
            root = ElementTree.fromstring(message["xml"].encode())  # noqa: S314 - a known file
        except ElementTree.ParseError:
            assert message["name"] == "TT_IM084a/TT_IM084a.xml"
            continue
        for element in root.iter():
            if isinstance(element.tag, str) and element.tag.endswith("DutyTaxFee"):
                fields = {
                    each.tag.split("}")[-1]: (each.text or "").strip()
                    for each in element.iter()
                    if isinstance(each.tag, str)
                }
                if fields.get("TaxAssessedAmount"):
                    yield message["name"], fields


@cache
def assessed(base: str, rate: str) -> Decimal:
    """What the engine charges at a rate in percent on goods of a value, sent to Great Britain."""
    case = Case(
        id="",
        says="",
        source="",
        country="GB",
        law_on=date(2026, 7, 10),
        goods=[Goods("610910", Decimal(base))],
        currency="GBP",
        flow="B2B",
        tariff={"610910": "0 %"},
        values={
            "gb.vat.border_limit": "0",
            "gb.vat.rate": str(Decimal(rate) / 100),
        },
    )
    return assess(case).total_due


def test_every_computed_line_comes_out_or_is_a_listed_exception() -> None:
    """Amounts are cut to the penny: half up would miss five of these lines."""
    computed, unlike = 0, set()
    for name, line in lines():
        base, rate = line.get("AdValoremTaxBaseAmount"), line.get("TaxRateNumeric")
        if not base or not rate:
            continue
        computed += 1
        expected = assessed(base, rate) - Decimal(line.get("DeductAmount") or "0")
        if expected != Decimal(line["TaxAssessedAmount"]):
            unlike.add((name.split("/")[0], base, rate))
    assert computed == 385
    assert unlike == set(EXCEPTIONS)


def test_the_messages_with_amounts_are_all_looked_at() -> None:
    found = list(lines())
    assert len({name for name, _ in found}) == 169
    assert len(found) == 485
