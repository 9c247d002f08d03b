"""Running the plan: each goods item falls to the first rule whose conditions hold for it."""

from collections.abc import Sequence

from pipeline.model import NothingReason
from pipeline.revenue.bill import Bill, Taken
from pipeline.revenue.charging import Charging, Ground
from pipeline.revenue.plan import NOT_VERIFIED, PlannedCharge, PlannedRule
from pipeline.rulebook.book import DatedValue


def settle(charge: PlannedCharge, bill: Bill) -> None:
    """Compute one charge on a bill."""
    if charge.follows and bill.not_charged and _is_relieved(bill, charge.follows):
        return
    first_line = len(bill.lines)
    if not _run(charge, bill) and charge.needed:
        title = charge.charging.title
        bill.estimate(f"{title}: no rule of this date is known for all goods")
    if charge.vendor_refusal and bill.parcel.vendor_scheme_id:
        bill.remark(f"{charge.vendor_refusal}; it is due at import")
    if charge.waived_up_to is not None:
        _waive(charge.charging, charge.waived_up_to, bill, first_line)


def _run(charge: PlannedCharge, bill: Bill) -> bool:
    """Apply the rules; whether every item fell to one."""
    pending: Taken = None
    for rule in charge.rules:
        if rule.conditions and not _holds(rule, bill, charge):
            continue
        taken: Taken
        rest: Sequence[int]
        if rule.item_tests:
            taken, rest = _divided(rule, bill, pending)
            if taken is not None and not taken:
                continue
        else:
            taken, rest = pending, ()
        for doubt in rule.doubts:
            bill.estimate(doubt)
        if rule.outcome is not None:
            rule.outcome(bill, taken)
        if rule.settles:
            if not rest:
                return True
            pending = rest
    return False


def _holds(rule: PlannedRule, bill: Bill, charge: PlannedCharge) -> bool:
    for holds, failure in rule.conditions:
        if not holds(bill):
            if rule.for_vendors and bill.parcel.vendor_scheme_id:
                bill.remark(f"{failure}: {charge.charging.title} is due at import")
            return False
    return True


def _divided(rule: PlannedRule, bill: Bill, pending: Taken) -> tuple[Taken, Sequence[int]]:
    """Items that fall under a rule (None: the whole parcel), and the rest."""
    items = bill.parcel.items
    candidates = range(len(items)) if pending is None else pending
    taken: Sequence[int] = candidates
    for test in rule.item_tests:
        taken = [place for place in taken if test(bill, place, items[place])]
    if not taken:
        return taken, candidates
    if len(taken) == len(candidates):
        return pending, ()
    return taken, [place for place in candidates if place not in taken]


def _is_relieved(bill: Bill, charge: str) -> bool:
    """Whether the whole parcel is relieved of a charge."""
    return any(
        one.charge == charge
        and one.reason is NothingReason.RELIEVED
        and not one.item_sequence_numbers
        for one in bill.not_charged
    )


def _waive(charging: Charging, waiver: DatedValue, bill: Bill, first_line: int) -> None:
    """Small amounts are not levied: their lines make way for the reason."""
    lines = bill.lines[first_line:]
    if not lines or waiver.number is None:
        return
    limit = bill.in_own_currency(waiver.number, waiver.currency)
    if limit is None or sum(line.amount for line in lines) > limit:
        return
    del bill.lines[first_line:]
    bill.charged = [each for each in bill.charged if each[0] != charging.name]
    if not waiver.is_verified:
        bill.estimate(f"{waiver.title}: {NOT_VERIFIED}")
    since = waiver.since.isoformat() if waiver.since else ""
    ground = Ground(waiver.id, waiver.title, waiver.legal_basis, waiver.status, since)
    charging.nothing(bill, ground, NothingReason.WAIVED, None)
