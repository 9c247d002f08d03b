"""Checks of the parties beside consignor and consignee."""

from pipeline.intake.check_parties import is_identification
from pipeline.intake.circumstances import Circumstances
from pipeline.intake.finding import Finding
from pipeline.model import Parcel, PartyRole


def check_related_parties(parcel: Parcel, _: Circumstances, found: list[Finding]) -> None:
    """DQ25 of them, and DQ25b."""
    if not parcel.parties:
        return
    numbers: dict[PartyRole, str] = {}
    for index, related in enumerate(parcel.parties):
        number = related.party.identification
        pointer = f"/parties/{index}/party/identification"
        if not number:
            continue
        if not is_identification(number):
            found.append(Finding("DQ25", pointer, number))
        elif (
            related.role is PartyRole.REPRESENTATIVE and numbers.get(PartyRole.DECLARANT) == number
        ):
            found.append(Finding("DQ25b", pointer, number))
        numbers[related.role] = number
