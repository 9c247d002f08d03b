"""Indicators that need memory: splitting and bursts of parcels to one consignee."""

from collections.abc import Iterator

from pipeline.assess.rules import RiskRules
from pipeline.assess.subject import Indicator, Subject
from pipeline.model import GoodsType, RuleHit, case_key

SECONDS_PER_HOUR = 3_600


def history_indicators(rules: RiskRules) -> Indicator:
    """R03, R11. Windows are of estimated arrivals: a dry run and the stream see the same."""
    splitting, burst = rules.by_id["R03"], rules.by_id["R11"]
    splitting_window_s = int(splitting.limits["window_hours"]) * SECONDS_PER_HOUR
    burst_window_s = int(burst.limits["window_hours"]) * SECONDS_PER_HOUR
    burst_parcels = int(burst.limits["parcels"])

    def indicate(subject: Subject) -> Iterator[RuleHit]:
        if not subject.exposure.entries:
            return
        key = case_key(subject.header.carrier, subject.parcel.parcel_id)
        arrival_s = int(subject.header.estimated_arrival_at.timestamp())
        yield from _splitting(subject, key, arrival_s)
        count = len(subject.exposure.others(key, arrival_s, burst_window_s)) + 1
        if count > burst_parcels:
            yield burst.hit(f"{count} parcels", f"{burst_parcels} in 72 hours", "/consignee")

    def _splitting(subject: Subject, key: str, arrival_s: int) -> Iterator[RuleHit]:
        limit, revenue = subject.low_value_limit, subject.revenue
        if (
            limit is None
            or revenue.intrinsic_value > limit
            or subject.parcel.goods_type is GoodsType.DOCUMENTS
        ):
            return
        others = [
            entry
            for entry in subject.exposure.others(key, arrival_s, splitting_window_s)
            if entry.currency == revenue.currency and entry.intrinsic_value <= limit
        ]
        total = sum((entry.intrinsic_value for entry in others), revenue.intrinsic_value)
        if total > limit:
            yield splitting.hit(
                f"{total} {revenue.currency} in {len(others) + 1} parcels within 72 hours",
                f"{limit} {revenue.currency}",
                "/consignee",
            )

    return indicate
