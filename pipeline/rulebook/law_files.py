"""The format of the files below law/, and what must hold of their content."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from pipeline.errors import RuleBookError
from pipeline.model.revenue import LawStatus

HS_CODES = "HS codes"
SHARE_OF_VALUE = "share of value"
_HS_CODE_LIST = re.compile(r"\d{2,6}( \d{2,6})*")


class ValueEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A parameter's value in one period, [from, until)."""

    start: date = field(name="from")
    until: date | None = None
    value: str | None
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
    """The file `jurisdiction.yaml`: currency, and the countries with their time zones.

    `special_territories` are the beginnings of postcodes where other rules hold than here.
    """

    jurisdiction: str
    title: str
    currency: str
    zones: dict[str, str]
    special_territories: dict[str, list[str]] = {}


def check_jurisdictions(files: Mapping[Path, JurisdictionFile]) -> dict[str, JurisdictionFile]:
    """The jurisdictions by name.

    Raises:
        RuleBookError: two of one name or country, or an unknown time zone; names the file.
    """
    jurisdictions: dict[str, JurisdictionFile] = {}
    countries: set[str] = set()
    for path, entry in files.items():
        if entry.jurisdiction in jurisdictions:
            raise RuleBookError(f"{path}: {entry.jurisdiction} has another file jurisdiction.yaml")
        for country, zone in entry.zones.items():
            if country in countries:
                raise RuleBookError(f"{path}: {country} belongs to another jurisdiction already")
            try:
                ZoneInfo(zone)
            except (OSError, ValueError, KeyError) as error:  # ZoneInfoNotFoundError: KeyError
                raise RuleBookError(f"{path}: zones.{country}: no time zone {zone!r}") from error
            countries.add(country)
        jurisdictions[entry.jurisdiction] = entry
    return jurisdictions


def check_parameters(
    files: Mapping[Path, LawFile], jurisdictions: Mapping[str, JurisdictionFile]
) -> dict[str, list[ParameterEntry]]:
    """The parameters of each jurisdiction.

    Raises:
        RuleBookError: periods that do not meet, a value that does not fit its unit, a missing
            source, an id that stands twice; names file and parameter.
    """
    parameters: dict[str, list[ParameterEntry]] = {name: [] for name in jurisdictions}
    ids: set[str] = set()
    for path, law in files.items():
        if law.jurisdiction not in jurisdictions:
            raise RuleBookError(f"{path}: {law.jurisdiction} has no file jurisdiction.yaml")
        for parameter in law.parameters:
            where = f"{path}: {parameter.id}"
            if parameter.id in ids:
                raise RuleBookError(f"{where}: this id stands more than once in the rule book")
            _check_parameter(where, parameter)
            ids.add(parameter.id)
        parameters[law.jurisdiction].extend(law.parameters)
    return parameters


def _check_parameter(where: str, parameter: ParameterEntry) -> None:
    if not parameter.values:
        raise RuleBookError(f"{where}: has no values")
    for name in ("title", "unit", "legal_basis", "source"):
        if not getattr(parameter, name).strip():
            raise RuleBookError(f"{where}: {name} must be given")
    for earlier, later in zip(parameter.values, parameter.values[1:], strict=False):
        if earlier.until != later.start:
            raise RuleBookError(
                f"{where}: a period until {earlier.until} is followed by one from {later.start}; "
                "periods must meet, a time without a rule is a period with value null"
            )
    for entry in parameter.values:
        if entry.until is not None and entry.until <= entry.start:
            raise RuleBookError(f"{where}: the period from {entry.start} ends before it begins")
        if entry.value is not None:
            _check_value(f"{where}: the value from {entry.start}", parameter.unit, entry.value)


def _check_value(where: str, unit: str, value: str) -> None:
    if unit == HS_CODES:
        if not _HS_CODE_LIST.fullmatch(value):
            raise RuleBookError(f"{where}: {value!r} is not a list of HS codes with single spaces")
        return
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise RuleBookError(f"{where}: {value!r} is not a number")
    most = Decimal(1) if unit == SHARE_OF_VALUE else Decimal(10) ** 9
    if not 0 <= number <= most:
        raise RuleBookError(f"{where}: {value} is not from 0 to {most:f}")
