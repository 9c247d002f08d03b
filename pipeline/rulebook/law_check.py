"""What must hold of the law beyond its format: errors name file, line and id."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.errors import RuleBookError
from pipeline.rulebook import periods, units
from pipeline.rulebook.files import fault_at
from pipeline.rulebook.law_files import (
    ChargeEntry,
    JurisdictionFile,
    LawFile,
    ParameterEntry,
    RuleEntry,
    ValueTest,
)

VALUE_TERMS = frozenset({"goods", "transport"})
OUTCOMES = ("nothing", "rate", "amount", "tariff", "unknown")

Place = tuple[str | int, ...]


def check_jurisdictions(files: Mapping[Path, JurisdictionFile]) -> dict[str, JurisdictionFile]:
    """The jurisdictions by name.

    Raises:
        RuleBookError: two of one name or country, or an unknown time zone; names file and line.
    """
    jurisdictions: dict[str, JurisdictionFile] = {}
    countries: set[str] = set()
    for path, entry in files.items():
        if entry.jurisdiction in jurisdictions:
            text = f"{entry.jurisdiction} has another file jurisdiction.yaml"
            raise fault_at(path, ("jurisdiction",), text)
        for country, zone in entry.zones.items():
            place = ("zones", country)
            if country in countries:
                raise fault_at(path, place, f"{country} belongs to another jurisdiction already")
            try:
                ZoneInfo(zone)
            except (OSError, ValueError, KeyError) as error:  # ZoneInfoNotFoundError: KeyError
                raise fault_at(path, place, f"zones.{country}: no time zone {zone!r}") from error
            countries.add(country)
        jurisdictions[entry.jurisdiction] = entry
    return jurisdictions


def check_law(
    files: Mapping[Path, LawFile],
    jurisdictions: Mapping[str, JurisdictionFile],
    tables: Iterable[str],
) -> None:
    """Check parameters and charges; `tables` are the names of tariff tables.

    Raises:
        RuleBookError: periods that do not meet, a value that does not fit its unit, a missing
            source, an id that stands twice or is cited but does not exist; names file and line.
    """
    parameters: dict[str, ParameterEntry] = {}
    rule_ids: set[str] = set()
    for path, law in files.items():
        if law.jurisdiction not in jurisdictions:
            text = f"{law.jurisdiction} has no file jurisdiction.yaml"
            raise fault_at(path, ("jurisdiction",), text)
        for index, parameter in enumerate(law.parameters):
            _check_parameter(path, index, parameter, parameters)
    for name, entry in jurisdictions.items():
        for limit in entry.low_value_limits:
            if limit not in parameters:
                raise RuleBookError(f"{name}: low_value_limits: there is no parameter {limit}")
    for name in jurisdictions:
        charges: set[str] = set()
        own = {path: law for path, law in files.items() if law.jurisdiction == name}
        for path, place, charge in charges_in_order(own):
            if charge.id in charges or charge.id in VALUE_TERMS:
                raise fault_at(path, place, f"{charge.id}: this id stands more than once")
            check = _ChargeCheck(path, place, charge, parameters, charges, tables)
            check.run(rule_ids)
            charges.add(charge.id)


def charges_in_order(files: Mapping[Path, LawFile]) -> Iterator[tuple[Path, Place, ChargeEntry]]:
    """A jurisdiction's charges in the order in which they are computed: duties, taxes, fees."""
    found = [
        (path, ("charges", index), charge)
        for path, law in sorted(files.items())
        for index, charge in enumerate(law.charges)
    ]
    kinds = ["duty", "tax", "fee"]
    yield from sorted(found, key=lambda one: kinds.index(one[2].kind.value))


def _check_parameter(
    path: Path, index: int, parameter: ParameterEntry, seen: dict[str, ParameterEntry]
) -> None:
    place: Place = ("parameters", index)
    if parameter.id in seen:
        text = f"{parameter.id}: this id stands more than once in the rule book"
        raise fault_at(path, place, text)
    seen[parameter.id] = parameter
    if not parameter.values:
        raise fault_at(path, place, f"{parameter.id}: has no values")
    for name in ("title", "unit", "legal_basis", "source"):
        if not getattr(parameter, name).strip():
            raise fault_at(path, (*place, name), f"{parameter.id}: {name} must be given")
    fault = periods.fault_of(parameter.values)
    if fault:
        raise fault_at(path, (*place, "values", fault[0]), f"{parameter.id}: {fault[1]}")
    for number, entry in enumerate(parameter.values):
        wrong = units.fault_of(parameter.unit, entry.value) if entry.value is not None else ""
        if wrong:
            text = f"{parameter.id}: the value from {entry.start}: {wrong}"
            raise fault_at(path, (*place, "values", number), text)


class _ChargeCheck:
    """The check of one charge with its rules."""

    def __init__(
        self,
        path: Path,
        place: Place,
        charge: ChargeEntry,
        parameters: Mapping[str, ParameterEntry],
        charges: Iterable[str],
        tables: Iterable[str],
    ) -> None:
        self._path, self._place, self._charge = path, place, charge
        self._parameters, self._charges, self._tables = parameters, set(charges), set(tables)

    def run(self, rule_ids: set[str]) -> None:
        charge = self._charge
        self._cite(self._place, "waived_up_to", charge.waived_up_to)
        if charge.follows and charge.follows not in self._charges:
            text = f"follows: {charge.follows} is no charge before it"
            raise self._fault(self._place, charge.id, text)
        for name in ("rounding", "rounding_of_basis"):
            self._cite(self._place, name, getattr(charge, name), units.ROUNDING)
        for index, rule in enumerate(charge.rules):
            place = (*self._place, "rules", index)
            if rule.id in rule_ids or rule.id in self._parameters:
                raise self._fault(place, rule.id, "this id stands more than once in the rule book")
            rule_ids.add(rule.id)
            self._check_rule(place, rule)

    def _check_rule(self, place: Place, rule: RuleEntry) -> None:
        for name in ("title", "legal_basis", "source"):
            if not getattr(rule, name).strip():
                raise self._fault(place, rule.id, f"{name} must be given")
        wrong = periods.fault_of([rule])
        if wrong:
            raise self._fault(place, rule.id, wrong[1])
        self._check_outcome(place, rule)
        for name in rule.when.charged:
            if name not in self._charges:
                raise self._fault(place, rule.id, f"charged: {name} is no charge before it")
        for table in (rule.tariff, rule.when.free_in, rule.when.dutiable_in):
            if table and table not in self._tables:
                raise self._fault(place, rule.id, f"there is no tariff table {table}.csv")
        self._check_citations(place, rule)

    def _check_outcome(self, place: Place, rule: RuleEntry) -> None:
        outcomes = [name for name in OUTCOMES if getattr(rule, name)]
        if len(outcomes) != 1:
            text = f"exactly one of {', '.join(OUTCOMES)} must be given"
            raise self._fault(place, rule.id, text)
        if bool(rule.amount) != bool(rule.per):
            raise self._fault(place, rule.id, "amount and per belong together")
        if bool(rule.of) != bool(rule.rate or rule.tariff):
            raise self._fault(place, rule.id, "rate or tariff need terms in `of`, and others none")
        for term in rule.of:
            if term not in VALUE_TERMS | self._charges:
                raise self._fault(place, rule.id, f"of: {term} is no value and no charge before it")

    def _check_citations(self, place: Place, rule: RuleEntry) -> None:
        for name, unit in (
            ("rate", units.SHARE_OF_VALUE),
            ("factor", units.SHARE_OF_VALUE),
            ("at_most", units.SHARE_OF_VALUE),
            ("amount", ""),
            ("minus", ""),
            ("least", ""),
            ("most", ""),
        ):
            self._cite(place, name, getattr(rule, name), unit)
        when = rule.when
        for name in ("parcel_with", "parcel_without", "goods", "not_goods"):
            self._cite(place, name, getattr(when, name), units.HS_CODES)
        self._cite(place, "vendor_id", when.vendor_id, units.PATTERN)
        for test in (*when.value, *when.item_value):
            limits = limits_of(test)
            if len(limits) != 1:
                text = "a value needs exactly one of up_to, above, below, at_least"
                raise self._fault(place, rule.id, text)
            self._cite(place, "value", limits[0][1])
            self._cite(place, "factor", test.factor, units.SHARE_OF_VALUE)

    def _cite(self, place: Place, name: str, parameter_id: str, unit: str = "") -> None:
        """A parameter that is cited exists, and has the unit that is needed: money by default."""
        if not parameter_id:
            return
        pattern = parameter_id.split("{", maxsplit=1)[0]
        cited = [
            parameter
            for parameter in self._parameters.values()
            if parameter.id == parameter_id
            or ("{" in parameter_id and parameter.id.startswith(pattern))
        ]
        if not cited:
            text = f"there is no parameter {parameter_id}"
            raise self._fault((*place, name), self._charge.id, f"{name}: {text}")
        for parameter in cited:
            fits = parameter.unit == unit if unit else bool(units.currency_of(parameter.unit))
            if not fits:
                text = f"{name}: {parameter.id} is in {parameter.unit!r}, not {unit or 'money'!r}"
                raise self._fault((*place, name), self._charge.id, text)

    def _fault(self, place: Place, entry_id: str, text: str) -> RuleBookError:
        return fault_at(self._path, place, f"{entry_id}: {text}")


def limits_of(test: ValueTest) -> list[tuple[str, str]]:
    """The limits that a test names, with how they compare."""
    names = ("up_to", "above", "below", "at_least")
    return [(name, getattr(test, name)) for name in names if getattr(test, name)]
