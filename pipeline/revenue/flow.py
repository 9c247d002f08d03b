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


# Names of the module are read in a tenth of the time of members of an enumeration, and this is
# asked for every parcel.
_DOCUMENTS, _GIFT = GoodsType.DOCUMENTS, GoodsType.GIFT
_LEGAL = PersonType.LEGAL
_CONSUMER_SALE = Flow.CONSUMER_SALE


def flow_of(parcel: Parcel) -> Flow:
    """The flow of a parcel. A gift from a company is no private gift."""
    goods_type = parcel.goods_type
    if goods_type is _DOCUMENTS:
        return Flow.DOCUMENTS
    if goods_type is _GIFT and parcel.consignor.person_type is not _LEGAL:
        return Flow.PRIVATE_GIFT
    if parcel.consignee.person_type is _LEGAL:
        return Flow.COMMERCIAL
    return _CONSUMER_SALE
