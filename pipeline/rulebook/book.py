"""The rule book: dated legal parameters of each jurisdiction.

A parameter has values with a period [from, until) each. Periods follow each other without gap or
overlap; a time without a rule is a period whose value is null. The law that holds on a date is
`RuleBook.on(jurisdiction, date)`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from pipeline.errors import RuleBookError
from pipeline.model.revenue import LawStatus
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml
from pipeline.rulebook.tariff import Tariff, read_tariff

LAW_FOLDER = RULEBOOK_FOLDER / "law"
UNCOVERED = ""


class ValueEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A parameter's value in one period."""

    start: date = field(name="from")
    until: date | None = None
    value: str | int | bool | None
    status: LawStatus
    confidence: Literal["high", "medium", "low"]
    note: str = ""


class ParameterEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One legal parameter with all its values."""

    id: str
    title: str
    unit: str
    legal_basis: str
    source: str
    values: list[ValueEntry]


class LawFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of the rule book: parameters of one jurisdiction and subject."""

    jurisdiction: str
    subject: str
    parameters: list[ParameterEntry]


class JurisdictionFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file `jurisdiction.yaml`: currency, and the countries with their time zones."""

    jurisdiction: str
    title: str
    currency: str
    zones: dict[str, str]


class DatedValue(NamedTuple):
    """A parameter's value on a date. `number` is None where the value is not a number."""

    id: str
    value: str | int | bool | None
    number: Decimal | None
    status: LawStatus
    legal_basis: str
    title: str

    @property
    def sure(self) -> bool:
        """Whether a decision may rest on it without calling itself an estimate."""
        return self.status is not LawStatus.UNVERIFIED


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
        self._laws: dict[tuple[str, date], Law] = {}

    def jurisdiction_of(self, country: str) -> str:
        """EU, GB or US; empty where no rule book covers the country."""
        return self._of_country.get(country, UNCOVERED)

    def legal_date(self, estimated_arrival_at: datetime, country: str) -> date:
        """Local calendar date of arrival: a pre-lodged declaration is accepted then."""
        zone = self._zones.get(country)
        return estimated_arrival_at.astimezone(zone).date() if zone else estimated_arrival_at.date()

    def on(self, jurisdiction: str, day: date) -> Law:
        """The law of a jurisdiction on a day."""
        law = self._laws.get((jurisdiction, day))
        if law is None:
            law = self._laws[jurisdiction, day] = self._law(jurisdiction, day)
        return law

    def _law(self, jurisdiction: str, day: date) -> Law:
        values = {}
        for parameter in self._parameters[jurisdiction]:
            entry = _in_force(parameter.values, day)
            values[parameter.id] = DatedValue(
                parameter.id,
                entry.value if entry else None,
                _number(entry.value) if entry else None,
                entry.status if entry else LawStatus.ENACTED,
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
    jurisdictions: dict[str, JurisdictionFile] = {}
    parameters: dict[str, list[ParameterEntry]] = {}
    digest = sha256()
    for path in sorted(folder.rglob("*.*")):
        digest.update(path.read_bytes())
        if path.name == "jurisdiction.yaml":
            entry = read_yaml(path, JurisdictionFile)
            jurisdictions[entry.jurisdiction] = entry
        elif path.suffix == ".yaml":
            law = read_yaml(path, LawFile)
            for parameter in law.parameters:
                _check(path, parameter)
            parameters.setdefault(law.jurisdiction, []).extend(law.parameters)
    _check_unique(folder, parameters)
    return RuleBook(
        f"law-{digest.hexdigest()[:12]}",
        jurisdictions,
        parameters,
        read_tariff(folder / "tariff.csv"),
    )


def _check(path: Path, parameter: ParameterEntry) -> None:
    where = f"{path}: {parameter.id}"
    if not parameter.values:
        raise RuleBookError(f"{where}: has no values")
    if not parameter.source or not parameter.legal_basis:
        raise RuleBookError(f"{where}: source and legal_basis must be given")
    for earlier, later in zip(parameter.values, parameter.values[1:], strict=False):
        if earlier.until != later.start:
            raise RuleBookError(
                f"{where}: a period until {earlier.until} is followed by one from {later.start}; "
                "periods must meet, a time without a rule is a period with value null"
            )
    for entry in parameter.values:
        if entry.until is not None and entry.until <= entry.start:
            raise RuleBookError(f"{where}: the period from {entry.start} ends before it begins")


def _check_unique(folder: Path, parameters: Mapping[str, Sequence[ParameterEntry]]) -> None:
    for jurisdiction, entries in parameters.items():
        ids = [entry.id for entry in entries]
        doubled = {id_ for id_ in ids if ids.count(id_) > 1}
        if doubled:
            raise RuleBookError(f"{folder}: {jurisdiction} has {sorted(doubled)} more than once")


def _in_force(values: Sequence[ValueEntry], day: date) -> ValueEntry | None:
    for entry in values:
        if entry.start <= day and (entry.until is None or day < entry.until):
            return entry
    return None


def _number(value: str | int | bool | None) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None
