"""What the result of an inspection does to a case."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import msgspec

from pipeline import __version__
from pipeline.decide.decide import refused, settle_inspected
from pipeline.decide.publish import Occasion, Step, take_step
from pipeline.decide.purse import ZERO, Purse
from pipeline.decide.state import Case
from pipeline.errors import ErrorCode
from pipeline.incoming import Refusal, refusal
from pipeline.model import Assessed, FoundItem, GoodsItem, InspectionResult, Parcel, Versions
from pipeline.reference.version import reference_version
from pipeline.revenue.assess import assess_revenue
from pipeline.revenue.bill import AMOUNT_MAX
from pipeline.revenue.categorise import irg_category
from pipeline.rulebook.book import RuleBook
from pipeline.rulebook.vendors import VendorRegister

QUANTITY_MAX = 99_999_999
COMMODITY_CODE_DIGITS = range(6, 11)


def confirm(case: Case, assessed: Assessed, occasion: Occasion, purse: Purse) -> Step:
    """Goods as declared: release, or revenue if something is due."""
    finding = "inspected and found as declared"
    revenue = assessed.assessment.revenue
    secured = purse.secure(revenue, case.paid, held=case.held, final=not revenue.estimated)
    return take_step(
        assessed, settle_inspected(finding, secured, case.paid), occasion, case, secured
    )


def refuse_parcel(
    case: Case, assessed: Assessed, result: InspectionResult, occasion: Occasion, purse: Purse
) -> Step:
    """Prohibited goods: the end of the case. What was held on the account is free again."""
    basis = f" ({result.legal_basis})" if result.legal_basis else ""
    revenue = assessed.assessment.revenue
    refund = f"; {case.paid:f} {revenue.currency} are due for refund" if case.paid else ""
    if case.held:
        refund += f"; {case.held:f} {revenue.currency} go back to the carrier's account"
        purse.restore(case.held, revenue.currency)
    ruling = refused(f"the inspection found prohibited goods{basis}{refund}")
    return take_step(assessed, ruling, occasion, case, revenue)


def reassess(
    case: Case,
    assessed: Assessed,
    result: InspectionResult,
    occasion: Occasion,
    *,
    book: RuleBook,
    on_account: bool,
    vendors: VendorRegister,
    purse: Purse,
) -> Step | Refusal:
    """Other goods than declared: duty and tax anew, by the law of the same day."""
    if assessed.parcel is None:
        return refusal(ErrorCode.ILLEGAL_MOVE, "the parcel's goods are not known any more")
    fault = _fault(result, assessed.parcel)
    if fault:
        return refusal(ErrorCode.INVALID_MESSAGE, fault)
    parcel = as_found(assessed.parcel, {item.sequence_number: item for item in result.found_items})
    header, before = assessed.header, assessed.assessment
    legal_date = date.fromisoformat(before.legal_date)
    book = book.covering(legal_date)
    revenue = assess_revenue(
        parcel,
        destination_country=header.destination_country,
        transport_mode=header.transport_mode,
        legal_date=legal_date,
        book=book,
        on_account=on_account,
        exported_on=header.departure_at.date(),
        same_day_goods=before.revenue.same_day_goods,
        vendors=vendors,
    )
    category, category_reason = irg_category(
        parcel,
        revenue,
        restricted=any(hit.mandatory for hit in before.rules),
        legal_date=legal_date,
        destination_country=header.destination_country,
        book=book,
    )
    found = msgspec.structs.replace(
        before,
        irg_category=category,
        irg_reason=category_reason,
        revenue=revenue,
        versions=_versions_now(before.versions, book, vendors),
    )
    finding = (
        f"inspected and found otherwise than declared; charges were {before.revenue.total_due} "
        f"and are {revenue.total_due} {revenue.currency}"
        f" (difference {revenue.total_due - before.revenue.total_due:+})"
    )
    held = case.held
    if revenue.currency != before.revenue.currency:
        purse.restore(held, before.revenue.currency)
        held = ZERO
    secured = purse.secure(revenue, case.paid, held=held, final=not revenue.estimated)
    return take_step(
        msgspec.structs.replace(assessed, assessment=found),
        settle_inspected(finding, secured, case.paid),
        occasion,
        case,
        secured,
    )


def _versions_now(before: Versions, book: RuleBook, vendors: VendorRegister) -> Versions:
    """What charges computed today rest on; score and data rules are those of the first decision."""
    return msgspec.structs.replace(
        before,
        rule_book=book.version,
        reference_data=vendors.beside(reference_version()),
        software=__version__,
    )


def as_found(parcel: Parcel, found: Mapping[int, FoundItem]) -> Parcel:
    """The parcel with what was found in place of what was declared."""
    items = [_item_as_found(item, found.get(item.sequence_number)) for item in parcel.items]
    return msgspec.structs.replace(parcel, items=items)


def _item_as_found(item: GoodsItem, found: FoundItem | None) -> GoodsItem:
    if found is None:
        return item
    value = found.intrinsic_value
    return msgspec.structs.replace(
        item,
        commodity_code=found.commodity_code or item.commodity_code,
        intrinsic_value=item.intrinsic_value if value is None else value,
        quantity=found.quantity or item.quantity,
    )


def _fault(result: InspectionResult, parcel: Parcel) -> str:
    """What is wrong with the found items; empty if nothing is."""
    numbers = {item.sequence_number for item in parcel.items}
    for index, item in enumerate(result.found_items):
        where = f"$.found_items[{index}]"
        if item.sequence_number not in numbers:
            declared = ", ".join(map(str, sorted(numbers)))
            return (
                f"there is no such goods item, or it stands twice; the parcel's are {declared} "
                f"- at `{where}.sequence_number`"
            )
        numbers.discard(item.sequence_number)
        if item.intrinsic_value is not None and not _is_amount(item.intrinsic_value):
            return f"not an amount of money - at `{where}.intrinsic_value`"
        if item.quantity is not None and item.quantity > QUANTITY_MAX:
            return f"above {QUANTITY_MAX} - at `{where}.quantity`"
        if item.commodity_code and not _is_commodity_code(item.commodity_code):
            return f"a commodity code has 6 to 10 digits - at `{where}.commodity_code`"
    return ""


def _is_amount(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount < AMOUNT_MAX


def _is_commodity_code(code: str) -> bool:
    return code.isascii() and code.isdigit() and len(code) in COMMODITY_CODE_DIGITS
