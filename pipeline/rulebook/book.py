"""The rule book: dated legal parameters of each jurisdiction.

A parameter has values with a period [from, until) each. Periods follow each other without gap or
overlap; a time without a rule is a period whose value is null. The law that holds on a date is
`RuleBook.on(jurisdiction, date)`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.model.revenue import LawStatus
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml
from pipeline.rulebook.law_files import (
    HS_CODES,
    JurisdictionFile,
    LawFile,
    ParameterEntry,
    ValueEntry,
    check_jurisdictions,
    check_parameters,
)
from pipeline.rulebook.tariff import Tariff, read_tariff

LAW_FOLDER = RULEBOOK_FOLDER / "law"
ENTRY, TARIFF = "jurisdiction.yaml", "tariff.csv"
UNCOVERED = ""
LAWS_KEPT_MAX = 4_096


class DatedValue(NamedTuple):
    """A parameter's value on a date.

    `number` is None while no rule is in force, `codes` is empty but for lists of HS codes.
    """

    id: str
    number: Decimal | None
    codes: tuple[str, ...]
    status: LawStatus
    legal_basis: str
    title: str


class Law:
    """The parameters of one jurisdiction as they stand on one date."""

    def __init__(
        self, jurisdiction: JurisdictionFile, values: Mapping[str, DatedValue], tariff: Tariff
    ) -> None:
        self.jurisdiction = jurisdiction.jurisdiction
        self.currency = jurisdiction.currency
        self.tariff = tariff
        self._values = values

    def value(self, parameter_id: str) -> DatedValue:
        """One parameter; its id must exist in the rule book."""
        return self._values[parameter_id]

    def has(self, parameter_id: str) -> bool:
        """Whether the rule book knows a parameter, whatever its value."""
        return parameter_id in self._values

    def amount(self, parameter_id: str) -> Decimal | None:
        """One parameter as a number; None while no rule is in force."""
        return self._values[parameter_id].number


class RuleBook:
    """All jurisdictions. Immutable once loaded; `version` changes with any file."""

    def __init__(
        self,
        version: str,
        jurisdictions: Mapping[str, JurisdictionFile],
        parameters: Mapping[str, Sequence[ParameterEntry]],
        tariff: Tariff,
    ) -> None:
        self.version = version
        self._jurisdictions = jurisdictions
        self._parameters = parameters
        self._tariff = tariff
        self._of_country = {
            country: name for name, entry in jurisdictions.items() for country in entry.zones
        }
        self._zones = {
            country: ZoneInfo(zone)
            for entry in jurisdictions.values()
            for country, zone in entry.zones.items()
        }
        self._special_territories = {
            country: tuple(beginnings)
            for entry in jurisdictions.values()
            for country, beginnings in entry.special_territories.items()
        }
        self._laws: dict[tuple[str, date], Law] = {}

    def jurisdiction_of(self, country: str) -> str:
        """EU, GB or US; empty where no rule book covers the country."""
        return self._of_country.get(country, UNCOVERED)

    def legal_date(self, estimated_arrival_at: datetime, country: str) -> date:
        """Local calendar date of arrival: a pre-lodged declaration is accepted then.

        In a country without a rule book it is the date in UTC.
        """
        return estimated_arrival_at.astimezone(self._zones.get(country, UTC)).date()

    def in_special_territory(self, country: str, postcode: str) -> bool:
        """Whether a postcode lies where the country's rules do not hold, such as the Canaries."""
        beginnings = self._special_territories.get(country)
        return beginnings is not None and postcode.replace(" ", "").upper().startswith(beginnings)

    def on(self, jurisdiction: str, day: date) -> Law:
        """The law of a jurisdiction on a day."""
        law = self._laws.get((jurisdiction, day))
        if law is None:
            if len(self._laws) >= LAWS_KEPT_MAX:
                self._laws.clear()
            law = self._laws[jurisdiction, day] = self._law(jurisdiction, day)
        return law

    def _law(self, jurisdiction: str, day: date) -> Law:
        values = {}
        for parameter in self._parameters[jurisdiction]:
            entry = _in_force(parameter.values, day)
            value = entry.value if entry else None
            has_codes = parameter.unit == HS_CODES
            values[parameter.id] = DatedValue(
                parameter.id,
                None if value is None or has_codes else Decimal(value),
                tuple(value.split()) if value is not None and has_codes else (),
                # Outside the periods of the rule book nothing is known.
                entry.status if entry else LawStatus.UNVERIFIED,
                parameter.legal_basis,
                parameter.title,
            )
        return Law(self._jurisdictions[jurisdiction], values, self._tariff)


@cache
def load_rule_book(folder: Path = LAW_FOLDER) -> RuleBook:
    """Read and check the whole rule book.

    Raises:
        RuleBookError: a file breaks the format; names file and parameter.
    """
    paths = sorted([*folder.rglob("*.yaml"), folder / TARIFF])
    files = {path: read_yaml(path, LawFile) for path in paths if _is_law(path)}
    entries = {path: read_yaml(path, JurisdictionFile) for path in paths if path.name == ENTRY}
    tariff = read_tariff(folder / TARIFF)
    jurisdictions = check_jurisdictions(entries)
    digest = sha256()
    for path in paths:
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return RuleBook(
        f"law-{digest.hexdigest()[:12]}",
        jurisdictions,
        check_parameters(files, jurisdictions),
        tariff,
    )


def _is_law(path: Path) -> bool:
    return path.suffix == ".yaml" and path.name != ENTRY


def _in_force(values: Sequence[ValueEntry], day: date) -> ValueEntry | None:
    for entry in values:
        if entry.start <= day and (entry.until is None or day < entry.until):
            return entry
    return None
