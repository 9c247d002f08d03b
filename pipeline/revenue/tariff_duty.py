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
        (),
        status,
        f"demonstration tariff, code {matched}",
        f"{TARIFF_TITLE}, code {matched}",
    )


def note_excise(bill: Bill, parameter_id: str) -> bool:
    """Whether the parcel holds excise goods; their excise duty is not computed, which is said."""
    if not bill.holds_goods_of(parameter_id):
        return False
    bill.estimate("excise duty on alcohol and tobacco is not computed")
    return True


def add_tariff_duty(bill: Bill, *, with_transport: bool, at_most: DatedValue | None = None) -> None:
    """Duty on each line: its value (with its share of transport where the basis is CIF) x rate.

    `at_most` is a flat rate that takes the place of a higher or unknown tariff rate.
    """
    jurisdiction = bill.law.jurisdiction
    for item_value in bill.items:
        item = item_value.item
        rate = bill.law.tariff.rate(jurisdiction, item.commodity_code)
        if at_most and at_most.number is not None and (not rate or at_most.number < rate.rate):
            rule, share = at_most, at_most.number
        elif rate:
            rule, share = tariff_rule(jurisdiction, rate.matched, rate.status), rate.rate
        else:
            bill.estimate(
                f"no duty rate is known for item {item.sequence_number} "
                f"(commodity code {item.commodity_code or 'missing'})"
            )
            continue
        basis = dutiable_value(item_value, with_transport=with_transport)
        bill.add(
            ChargeKind.DUTY,
            rule,
            basis=basis,
            rate=percent(share),
            amount=rounded(basis * share),
            items=[item],
        )


def dutiable_value(item_value: ItemValue, *, with_transport: bool) -> Decimal:
    """CIF or FOB value of a line."""
    transport = item_value.transport_share if with_transport else Decimal(0)
    return item_value.intrinsic_value + transport
