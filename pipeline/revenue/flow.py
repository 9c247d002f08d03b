"""Which kind of transaction a parcel is: most reliefs depend on it."""

from enum import StrEnum

from pipeline.model import GoodsType, Parcel
from pipeline.model.parcel import PersonType


class Flow(StrEnum):
    """Kind of transaction."""

    DOCUMENTS = "documents"
    PRIVATE_GIFT = "private gift (C2C)"
    CONSUMER_SALE = "sale to a consumer (B2C)"
    COMMERCIAL = "commercial (B2B)"


def flow_of(parcel: Parcel) -> Flow:
    """The flow of a parcel. A gift from a company is no private gift."""
    if parcel.goods_type is GoodsType.DOCUMENTS:
        return Flow.DOCUMENTS
    if parcel.goods_type is GoodsType.GIFT and parcel.consignor.person_type is not PersonType.LEGAL:
        return Flow.PRIVATE_GIFT
    if parcel.consignee.person_type is PersonType.LEGAL:
        return Flow.COMMERCIAL
    return Flow.CONSUMER_SALE
