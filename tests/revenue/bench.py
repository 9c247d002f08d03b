"""`python -m tests.revenue.bench`: CPU microseconds that the assessment of a parcel costs."""

import time
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pipeline.model import Address, Parcel, TransportMode
from pipeline.revenue.assess import assess_revenue
from pipeline.rulebook.book import LAW_FOLDER, load_rule_book, read_rule_book
from tests.builders import consignee, goods_item, parcel

DAY = date(2026, 7, 10)
ROUNDS, PARCELS = 5, 2_000
REGIONS = {"CA": "ON", "BR": "SP"}


class Measured(NamedTuple):
    """Cost of one kind of parcel, and how many charges it has."""

    name: str
    cpu_us: float
    lines: int


def measure(name: str, country: str, declared: Parcel) -> Measured:
    """The least of several rounds, warm: others may be at work on the machine."""
    book = load_rule_book()

    def once() -> int:
        assessment = assess_revenue(
            declared,
            destination_country=country,
            transport_mode=TransportMode.AIR,
            legal_date=DAY,
            book=book,
            on_account=False,
        )
        return len(assessment.lines)

    lines = once()
    costs = []
    for _ in range(ROUNDS):
        began_s = time.process_time()
        for _ in range(PARCELS):
            once()
        costs.append((time.process_time() - began_s) / PARCELS * 1e6)
    return Measured(name, min(costs), lines)


def two_items(country: str, currency: str, worth: int, **fields: object) -> Parcel:
    """T-shirts and shoes to a consumer."""
    address = Address(
        city="A", country=country, street_and_number="B 1", subdivision=REGIONS.get(country, "")
    )
    goods = [
        goods_item(intrinsic_value=Decimal(worth)),
        goods_item(sequence_number=2, commodity_code="640399", intrinsic_value=Decimal(worth)),
    ]
    return parcel(items=goods, currency=currency, consignee=consignee(address=address), **fields)


def all_measured() -> list[Measured]:
    """EU H7 with IOSS first, then a parcel above the limits to every jurisdiction."""
    ioss = two_items("DE", "EUR", 30, vendor_scheme_id="IM3720000224")
    found = [measure("EU H7 with IOSS", "DE", ioss)]
    for name, source in sorted(load_rule_book().sources.items()):
        country = next(iter(source.entry.zones))
        worth = 1_000_000 if source.entry.currency == "VND" else 2_000
        declared = two_items(country, source.entry.currency, worth)
        found.append(measure(f"{name}, two items", country, declared))
    return found


def main() -> None:
    """Print the table."""
    began_s = time.process_time()
    read_rule_book(LAW_FOLDER)
    print(f"the rule book loads in {time.process_time() - began_s:.2f} s of CPU")  # noqa: T201
    for one in all_measured():
        print(f"{one.name:18} {one.cpu_us:6.1f} us of CPU, {one.lines} lines")  # noqa: T201


if __name__ == "__main__":
    main()
