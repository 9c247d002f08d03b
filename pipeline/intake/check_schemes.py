"""Checks of the kind of transaction and of the scheme under which tax was collected."""

from functools import lru_cache

from stdnum.eu import oss
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat

from pipeline.intake.circumstances import IMPORT_SCHEME_PREFIX, Circumstances
from pipeline.intake.finding import Finding
from pipeline.model import GoodsType, Parcel, PersonType

BRITISH_PREFIX = "GB"
GREEK_PREFIX = "EL"


def check_schemes(parcel: Parcel, circumstances: Circumstances, found: list[Finding]) -> None:
    """DQ23b, DQ26, DQ31."""
    if parcel.goods_type is GoodsType.GIFT and parcel.consignor.person_type is PersonType.LEGAL:
        found.append(Finding("DQ23b", "/goods_type", parcel.goods_type))
    number = parcel.vendor_scheme_id
    if not number:
        return
    if not is_scheme_number(number):
        found.append(Finding("DQ26", "/vendor_scheme_id", number))
    scheme = circumstances.import_scheme
    if scheme and number.startswith(IMPORT_SCHEME_PREFIX):
        for index, item in enumerate(parcel.items):
            code = item.commodity_code
            if code.startswith(scheme.excluded_codes):
                found.append(Finding("DQ31", f"/items/{index}/commodity_code", code))


@lru_cache(maxsize=65_536)
def is_scheme_number(number: str) -> bool:
    """Whether a number has the form of its scheme; of schemes that are not known, anything does.

    IOSS numbers, and VAT numbers of the member states and Great Britain.
    """
    if not number.isascii():
        return False
    prefix = number[:2].upper()
    if prefix == IMPORT_SCHEME_PREFIX:
        # The library forgives what the field does not: small letters, spaces.
        return oss.is_valid(number) and oss.compact(number) == number
    if prefix == BRITISH_PREFIX:
        return gb_vat.is_valid(number)
    if prefix == GREEK_PREFIX or prefix.lower() in eu_vat.MEMBER_STATES:
        return eu_vat.is_valid(number)
    return True
