"""The rule book: dated law of each jurisdiction.

Parameters have values with a period [from, until) each; charges have rules that cite them. The law
that holds on a date is `RuleBook.on(jurisdiction, date)`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from pipeline.errors import RuleBookError
from pipeline.model.revenue import LawStatus
from pipeline.reference.exchange import Conversion, conversion
from pipeline.rulebook import units
from pipeline.rulebook.customs_rates import FOLDER, CustomsRates, read_customs_rates
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml
from pipeline.rulebook.law_check import charges_in_order, check_jurisdictions, check_law, limits_of
from pipeline.rulebook.law_files import ChargeEntry, JurisdictionFile, LawFile, ParameterEntry
from pipeline.rulebook.periods import in_force
from pipeline.rulebook.tariff import Rates, TariffTable, read_tariff

LAW_FOLDER = RULEBOOK_FOLDER / "law"
ENTRY = "jurisdiction.yaml"
UNCOVERED = ""
LAWS_KEPT_MAX = 512
CONVERSIONS_KEPT_MAX = 1_024
REGION = "{region}"


class DatedValue(NamedTuple):
    """A parameter's value on a date.

    `text` is None while no rule is in force; `number` is None then, and for lists and patterns.
    """

    id: str
    text: str | None
    number: Decimal | None
    unit: str
    status: LawStatus
    legal_basis: str
    title: str
    since: date | None  # None outside all periods
    note: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """Beginnings of HS codes, of a list that is in force."""
        return tuple(self.text.split()) if self.text and self.unit == units.HS_CODES else ()

    @property
    def currency(self) -> str:
        """Of an amount of money."""
        return units.currency_of(self.unit)

    @property
    def is_verified(self) -> bool:
        """Whether what holds is known for sure."""
        return self.status is not LawStatus.UNVERIFIED


class Law:
    """The law of one jurisdiction as it stands on one date."""

    def __init__(
        self,
        jurisdiction: JurisdictionFile,
        values: Mapping[str, DatedValue],
        charges: Sequence[ChargeEntry],
        tariffs: Mapping[str, Rates],
        rates: CustomsRates | None,
    ) -> None:
        self.jurisdiction = jurisdiction.jurisdiction
        self.exchanged_at_export = jurisdiction.exchange_date == "export"
        self._exchange, self._rates = jurisdiction.exchange, rates
        self.currency = jurisdiction.currency
        shipped = jurisdiction.exchange_is_shipped
        self._exchange_note = "" if shipped else f", standing in for the {jurisdiction.exchange}"
        self.charges = charges
        self.tariffs = tariffs
        self.values = values
        self.sums_days = any(values[one].number is not None for one in _limits_of_days(charges))
        """Whether a limit is one of all parcels that a consignee gets on a day."""
        self.regions = frozenset(_regions(charges, values))
        """Provinces or states of which the law has rates; other texts are none."""
        self._conversions: dict[tuple[str, str, date], Conversion | None] = {}
        self.plans: dict[Any, Any] = {}
        """Whoever applies the law keeps here what it made of it; it is forgotten with the law."""

    def convert(self, source: str, target: str, day: date) -> Conversion | None:
        """The rate of a day: that of the jurisdiction's own customs where it is known.

        Elsewhere the ECB's stands in. None if there is neither.
        """
        key = (source, target, day)
        if key not in self._conversions:
            if len(self._conversions) >= CONVERSIONS_KEPT_MAX:
                self._conversions.clear()
            self._conversions[key] = self._conversion(*key)
        return self._conversions[key]

    def _conversion(self, source: str, target: str, day: date) -> Conversion | None:
        if self._rates is not None:
            own = self._rates.conversion(source, target, day, self._exchange)
            if own is not None:
                return own
        default = conversion(source, target, day)
        if default is None or not default.text:
            return default
        return default._replace(text=default.text + self._exchange_note)

    def value(self, parameter_id: str) -> DatedValue:
        """One parameter; its id must exist in the rule book."""
        return self.values[parameter_id]

    def amount(self, parameter_id: str) -> Decimal | None:
        """One parameter as a number; None while no rule is in force."""
        return self.values[parameter_id].number


class Source(NamedTuple):
    """Everything read of one jurisdiction."""

    entry: JurisdictionFile
    parameters: Sequence[ParameterEntry]
    charges: Sequence[ChargeEntry]


class RuleBook:
    """All jurisdictions. Immutable once loaded; `version` changes with any file.

    One that was published later than another (`before`) decides from the legal date `covers_from`
    on, and leaves earlier ones to that.
    """

    def __init__(
        self,
        version: str,
        sources: Mapping[str, Source],
        tables: Mapping[str, TariffTable],
        rates: Mapping[str, CustomsRates],
        *,
        before: "RuleBook | None" = None,
        covers_from: date = date.min,
    ) -> None:
        self.version = version
        self.tables = tables
        self.rates = rates
        self.sources = sources
        self.before = before
        self.covers_from = covers_from
        entries = [source.entry for source in sources.values()]
        self._of_country = {
            country: entry.jurisdiction for entry in entries for country in entry.zones
        }
        self._zones = {
            country: ZoneInfo(zone) for entry in entries for country, zone in entry.zones.items()
        }
        self._special_territories = {
            country: tuple(beginnings)
            for entry in entries
            for country, beginnings in entry.special_territories.items()
        }
        # An amount may be cited by another jurisdiction: Northern Ireland's duty is the Union's.
        self._parameters = [one for source in sources.values() for one in source.parameters]
        self._laws: dict[tuple[str, date, date | None], Law] = {}

    def following(self, before: "RuleBook", covers_from: date) -> "RuleBook":
        """The same law, as published later than another and for legal dates from a day on."""
        return RuleBook(
            self.version,
            self.sources,
            self.tables,
            self.rates,
            before=before,
            covers_from=covers_from,
        )

    def covering(self, day: date) -> "RuleBook":
        """The newest book that decides on a legal date: this one, or one before it."""
        book = self
        while book.before is not None and day < book.covers_from:
            book = book.before
        return book

    def jurisdiction_of(self, country: str) -> str:
        """The jurisdiction's name, such as EU or GB; empty where no rule book covers a country."""
        return self._of_country.get(country, UNCOVERED)

    def low_value_limits(self, jurisdiction: str) -> Sequence[str]:
        """Parameters that bound the simplified procedure; the first in force counts."""
        return self.sources[jurisdiction].entry.low_value_limits

    def legal_date(self, estimated_arrival_at: datetime, country: str) -> date:
        """Local calendar date of arrival: a pre-lodged declaration is accepted then.

        In a country without a rule book it is the date in UTC.
        """
        return estimated_arrival_at.astimezone(self._zones.get(country, UTC)).date()

    def in_special_territory(self, country: str, postcode: str) -> bool:
        """Whether a postcode lies where the country's rules do not hold, such as the Canaries."""
        beginnings = self._special_territories.get(country)
        return beginnings is not None and postcode.replace(" ", "").upper().startswith(beginnings)

    def on(self, jurisdiction: str, day: date, known_on: date | None = None) -> Law:
        """The law of a jurisdiction on a day, as far as it was known on another day."""
        key = (jurisdiction, day, known_on)
        law = self._laws.get(key)
        if law is None:
            if len(self._laws) >= LAWS_KEPT_MAX:
                self._laws.clear()
            law = self._laws[key] = self._law(*key)
        return law

    def _law(self, jurisdiction: str, day: date, known_on: date | None) -> Law:
        source = self.sources[jurisdiction]
        values = {one.id: value_on(one, day, known_on) for one in self._parameters}
        tariffs = {name: table.on(day) for name, table in self.tables.items()}
        charges = charges_on(source.charges, day, known_on)
        return Law(source.entry, values, charges, tariffs, self.rates.get(jurisdiction))


def _limits_of_days(charges: Sequence[ChargeEntry]) -> Iterator[str]:
    for rule in [rule for charge in charges for rule in charge.rules]:
        yield from (limits_of(test)[0][1] for test in rule.when.value if test.of == "day")


def _regions(charges: Sequence[ChargeEntry], ids: Iterable[str]) -> Iterator[str]:
    for rule in [rule for charge in charges for rule in charge.rules]:
        if REGION in rule.rate:
            beginning = rule.rate.removesuffix(REGION)
            yield from (one.removeprefix(beginning) for one in ids if one.startswith(beginning))


def value_on(parameter: ParameterEntry, day: date, known_on: date | None) -> DatedValue:
    """A parameter on a day, as far as it was known on another."""
    entry = in_force(parameter.values, day, known_on)
    text = entry.value if entry else None
    is_number = parameter.unit == units.SHARE_OF_VALUE or units.currency_of(parameter.unit)
    return DatedValue(
        parameter.id,
        text,
        Decimal(text) if text is not None and is_number else None,
        parameter.unit,
        # Outside the periods of the rule book nothing is known.
        entry.status if entry else LawStatus.UNVERIFIED,
        parameter.legal_basis,
        parameter.title,
        entry.start if entry else None,
        entry.note if entry else "",
    )


def charges_on(
    charges: Sequence[ChargeEntry], day: date, known_on: date | None
) -> list[ChargeEntry]:
    """Charges with the rules that are in force on a day, as far as they were known on another."""
    return [
        replace(charge, rules=[rule for rule in charge.rules if in_force([rule], day, known_on)])
        for charge in charges
    ]


@cache
def load_rule_book(folder: Path = LAW_FOLDER) -> RuleBook:
    """The rule book of a folder, read once; see `read_rule_book`."""
    return read_rule_book(folder)


def read_rule_book(folder: Path) -> RuleBook:
    """Read and check the whole rule book.

    Raises:
        RuleBookError: a file breaks the format; names file, line and id.
    """
    paths = sorted([*folder.rglob("*.yaml"), *folder.rglob("*.csv")])
    files = {path: read_yaml(path, LawFile) for path in paths if _is_law(path)}
    entries = {path: read_yaml(path, JurisdictionFile) for path in paths if path.name == ENTRY}
    jurisdictions = check_jurisdictions(entries)
    tables = {path.stem: read_tariff(path) for path in paths if _is_tariff(path)}
    rates = {path.stem: _rates_of(path, jurisdictions) for path in paths if _is_exchange(path)}
    check_law(files, jurisdictions, tables)
    if not jurisdictions:
        raise RuleBookError(f"{folder}: there is no law in it")
    digest = sha256()
    for path in paths:
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    sources = {name: _source(entry, files) for name, entry in jurisdictions.items()}
    return RuleBook(f"law-{digest.hexdigest()[:12]}", sources, tables, rates)


def _source(entry: JurisdictionFile, files: Mapping[Path, LawFile]) -> Source:
    own = {path: law for path, law in files.items() if law.jurisdiction == entry.jurisdiction}
    parameters = [parameter for law in own.values() for parameter in law.parameters]
    charges = [charge for _, _, charge in charges_in_order(own)]
    return Source(entry, parameters, charges)


def _rates_of(path: Path, jurisdictions: Mapping[str, JurisdictionFile]) -> CustomsRates:
    entry = jurisdictions.get(path.stem)
    if entry is None:
        raise RuleBookError(f"{path}: there is no jurisdiction {path.stem}")
    return read_customs_rates(path, entry.currency)


def _is_tariff(path: Path) -> bool:
    return path.suffix == ".csv" and not _is_exchange(path)


def _is_exchange(path: Path) -> bool:
    return path.suffix == ".csv" and path.parent.name == FOLDER


def _is_law(path: Path) -> bool:
    return path.suffix == ".yaml" and path.name != ENTRY


def expanded(parameter_id: str, **names: str) -> str:
    """An id with its placeholders filled in: "eu.vat.rate.{destination}" for FR."""
    return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], ""), parameter_id)
