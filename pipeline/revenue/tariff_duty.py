"""Ad valorem duty by the tariff, line by line."""

from decimal import Decimal

from pipeline.model import ChargeKind, LawStatus
from pipeline.revenue.bill import Bill, ItemValue, percent, rounded
from pipeline.rulebook.book import DatedValue

TARIFF_TITLE = "Customs tariff"


def tariff_rule(jurisdiction: str, matched: str, status: LawStatus) -> DatedValue:
    """The tariff line as a rule of the rule book."""
    return DatedValue(
        f"{jurisdiction.lower()}.tariff.{matched}",
        None,
        None,
        status,
        f"demonstration tariff, code {matched}",
        f"{TARIFF_TITLE}, code {matched}",
    )


def add_tariff_duty(bill: Bill, *, with_transport: bool) -> None:
    """Duty on each line: its value (with its share of transport where the basis is CIF) x rate."""
    for item_value in bill.items:
        rate = bill.law.tariff.rate(bill.law.jurisdiction, item_value.item.commodity_code)
        if rate is None:
            bill.estimate(
                f"no duty rate is known for item {item_value.item.sequence_number} "
                f"(commodity code {item_value.item.commodity_code or 'missing'})"
            )
            continue
        basis = dutiable_value(item_value, with_transport=with_transport)
        bill.add(
            ChargeKind.DUTY,
            tariff_rule(bill.law.jurisdiction, rate.matched, rate.status),
            basis=basis,
            rate=percent(rate.rate),
            amount=rounded(basis * rate.rate),
            items=[item_value.item],
            status=rate.status,
        )


def dutiable_value(item_value: ItemValue, *, with_transport: bool) -> Decimal:
    """CIF or FOB value of a line."""
    transport = item_value.transport_share if with_transport else Decimal(0)
    return item_value.intrinsic_value + transport
