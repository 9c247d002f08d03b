"""All checks of a parcel, each made once with its lists."""

from collections.abc import Sequence

from pipeline.formats.outcome import BadParcel
from pipeline.intake.check_goods import GoodsCheck
from pipeline.intake.check_masses import MassesCheck
from pipeline.intake.check_parcel import check_parcel
from pipeline.intake.check_parties import PartiesCheck
from pipeline.intake.check_related_parties import check_related_parties
from pipeline.intake.check_schemes import check_schemes
from pipeline.intake.check_texts import check_texts
from pipeline.intake.check_values import ValuesCheck
from pipeline.intake.circumstances import Circumstances, ParcelCheck
from pipeline.intake.finding import Finding
from pipeline.intake.rules import DataRules
from pipeline.model import Parcel

FORM = "DQ01"
"""The rule of what does not have the form of the message, where no other rule is of its field."""


class ParcelChecks:
    """The rules on parcels."""

    def __init__(self, rules: DataRules, description_words_min: int) -> None:
        self._rule_of_field = rules.by_malformed_field()
        self._checks: Sequence[ParcelCheck] = (
            check_parcel,
            PartiesCheck(rules),
            check_related_parties,
            GoodsCheck(rules, description_words_min),
            ValuesCheck(rules),
            MassesCheck(rules),
            check_schemes,
            check_texts,
        )

    def __call__(self, parcel: Parcel, circumstances: Circumstances) -> list[Finding]:
        """Every rule that the parcel breaks, and where."""
        found: list[Finding] = []
        for check in self._checks:
            check(parcel, circumstances, found)
        return found

    def of_malformed(self, parcel: BadParcel) -> Finding:
        """The rule that a parcel without the form of the message breaks: its field's, if any."""
        field = parcel.pointer.rpartition("/")[2]
        return Finding(self._rule_of_field.get(field, FORM), parcel.pointer, "")
