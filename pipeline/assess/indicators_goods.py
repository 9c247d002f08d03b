"""Indicators of goods: restricted, misdescribed, of restricted or surprising origin, too many."""

from collections.abc import Iterator

from pipeline.assess.restricted import restricted_finder
from pipeline.assess.rules import RiskRules
from pipeline.assess.subject import Indicator, Subject
from pipeline.model import GoodsType, RuleHit
from pipeline.rulebook.description_words import chapter_finder


def goods_indicators(rules: RiskRules) -> Indicator:
    """R04, R05, R08, R12, R15, R17."""
    misdescribed, restricted = rules.by_id["R04"], rules.by_id["R05"]
    embargoed, origin = rules.by_id["R08"], rules.by_id["R12"]
    commercial_gift, no_code = rules.by_id["R15"], rules.by_id["R17"]
    find_restricted = restricted_finder(rules.restricted)
    chapters_of = chapter_finder(rules.words)
    embargoed_countries = frozenset(str(embargoed.limits["countries"]).split())
    gift_pieces = int(commercial_gift.limits["pieces"])

    def indicate(subject: Subject) -> Iterator[RuleHit]:
        parcel = subject.parcel
        consignor_country = parcel.consignor.address.country
        for index, item in enumerate(parcel.items):
            code = item.commodity_code
            kind = find_restricted(code, item.description)
            if kind:
                yield restricted.hit(
                    kind, f"list {rules.restricted.version}", f"/items/{index}/description"
                )
            chapters = chapters_of(item.description)
            if code and chapters and code[:2] not in chapters:
                yield misdescribed.hit(
                    f"code {code}",
                    f"the description names goods of chapter {', '.join(sorted(chapters))}",
                    f"/items/{index}/commodity_code",
                )
            if item.origin_country in embargoed_countries:
                yield embargoed.hit(
                    item.origin_country, "not among these", f"/items/{index}/origin_country"
                )
            elif consignor_country and item.origin_country not in {"", consignor_country}:
                yield origin.hit(
                    f"origin {item.origin_country}, consignor in {consignor_country}",
                    "the same country",
                    f"/items/{index}/origin_country",
                )
            if not code and parcel.goods_type is not GoodsType.DOCUMENTS:
                yield no_code.hit("none", "a subheading of six digits", f"/items/{index}")
        if parcel.goods_type is GoodsType.GIFT:
            pieces = sum(item.quantity or 0 for item in parcel.items)
            if pieces > gift_pieces:
                yield commercial_gift.hit(f"{pieces} pieces", f"{gift_pieces} pieces", "/items")

    return indicate
