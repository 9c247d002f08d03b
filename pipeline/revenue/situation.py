"""What of a parcel is alike for many: it selects the rules that can apply at all."""

from typing import NamedTuple

from pipeline.revenue.flow import Flow
from pipeline.rulebook.law_files import When

FLOWS = {Flow.PRIVATE_GIFT: "gift", Flow.CONSUMER_SALE: "consumer", Flow.COMMERCIAL: "commercial"}
"""Names of the flows in the files of the law."""


class Situation(NamedTuple):
    """Where a parcel goes, by which way, and as what."""

    destination: str
    region: str  # province or state, without its country: "ON" for "CA-ON"
    dispatched_from: str
    flow: Flow
    mode: str


def region_of(subdivision: str, country: str) -> str:
    """The region's code of an address, as ISO 3166-2 has it behind the country's."""
    code = subdivision.strip().upper().removeprefix(f"{country}-")
    return code if code.isascii() and code.isalnum() else ""


def excluded_by(when: When, situation: Situation) -> str:
    """Why a rule cannot apply in a situation; empty if it can."""
    flow = FLOWS[situation.flow]
    if when.flows and flow not in when.flows:
        return f"it is not for this kind of transaction, {situation.flow}"
    for name, value in (
        ("destinations", situation.destination),
        ("dispatched_from", situation.dispatched_from),
        ("modes", situation.mode),
    ):
        wanted, unwanted = getattr(when, name), getattr(when, f"not_{name}")
        if (wanted and value not in wanted) or value in unwanted:
            return f"it is not for {name.replace('_', ' ')} {value}"
    return ""
