"""Checks of what a parcel is called and where it goes."""

from operator import mul

from pipeline.intake.circumstances import Circumstances
from pipeline.intake.finding import Finding
from pipeline.model import Parcel
from pipeline.reference.codes import country_names

S10_LENGTH = 13
S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
AIR_WAYBILL_LENGTH, AIR_WAYBILL_HYPHEN, AIR_WAYBILL_MODULUS = 12, 3, 7


def check_parcel(parcel: Parcel, circumstances: Circumstances, found: list[Finding]) -> None:
    """DQ03, DQ03b, DQ03c, DQ11, DQ27b."""
    parcel_id = parcel.parcel_id
    if looks_like_s10(parcel_id):
        if s10_check_digit(parcel_id[2:10]) != int(parcel_id[10]):
            found.append(Finding("DQ03", "/parcel_id", parcel_id))
    elif circumstances.by_mail:
        found.append(Finding("DQ03c", "/parcel_id", parcel_id))
    elif looks_like_air_waybill(parcel_id) and not air_waybill_holds(parcel_id):
        found.append(Finding("DQ03b", "/parcel_id", parcel_id))
    # Whether a country may be missing is said elsewhere: DQ08c.
    country = parcel.consignee.address.country
    if country and country != circumstances.destination_country:
        found.append(Finding("DQ11", "/consignee/address/country", country))
    itinerary = circumstances.itinerary
    if itinerary:
        country = parcel.consignor.address.country
        if country and country not in itinerary:
            found.append(Finding("DQ27b", "/consignor/address/country", country))


def looks_like_s10(parcel_id: str) -> bool:
    """Whether an id has the form of a postal item id: AA NNNNNNNN C CC, CC a country."""
    return (
        len(parcel_id) == S10_LENGTH
        and parcel_id.isascii()
        and parcel_id[2:11].isdigit()
        and parcel_id[:2].isalpha()
        and parcel_id[11:] in country_names()
    )


def s10_check_digit(serial: str) -> int:
    """Check digit of eight digits (UPU S10)."""
    total: int = sum(map(mul, S10_WEIGHTS, map(int, serial)))
    return {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)


def looks_like_air_waybill(parcel_id: str) -> bool:
    """Whether an id has the form of an air waybill number: NNN-NNNNNNNN."""
    return (
        len(parcel_id) == AIR_WAYBILL_LENGTH
        and parcel_id[AIR_WAYBILL_HYPHEN] == "-"
        and parcel_id.isascii()
        and (parcel_id[:AIR_WAYBILL_HYPHEN] + parcel_id[AIR_WAYBILL_HYPHEN + 1 :]).isdigit()
    )


def air_waybill_holds(number: str) -> bool:
    """Whether the last digit is the seven before it modulo 7 (IATA)."""
    return int(number[4:11]) % AIR_WAYBILL_MODULUS == int(number[11])
