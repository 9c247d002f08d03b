"""From a document to the canonical manifest, as a mapping table says."""

import re
from typing import Any, NamedTuple, TypeVar

import msgspec

from pipeline.errors import ErrorCode
from pipeline.formats.canonical import PARCEL_ID_CHARACTERS_MAX, explained
from pipeline.formats.locate import locator
from pipeline.formats.outcome import BadParcel, Decoded, Refusal
from pipeline.formats.read import READERS, MisreadError, kilograms, total
from pipeline.formats.source import Source
from pipeline.formats.table import Group, Leaf, Table
from pipeline.model import Parcel
from pipeline.model.manifest import ManifestBase

_MISSING = re.compile(r"missing required field `(\w{1,40})`")

Currencies = dict[str, str]
"""Of a parcel's amounts: each with the place of the first amount in it."""
_T = TypeVar("_T")


class Misfit(NamedTuple):
    """Why something does not become what it should; the pointer is relative to it."""

    explanation: str
    pointer: str


def extract(table: Table, document: Any, source: Source) -> Decoded | Refusal:
    """The whole manifest. A parcel at fault spoils only itself."""
    locate = locator(table, document, source)
    group = table.root.inner(("parcels",))
    header = extract_header(table, document, source, but=group.path)
    if isinstance(header, Refusal):
        return header
    parcels = [_parcel(table, group, node, source) for node in source.many(document, group.path)]
    if not parcels:
        return Refusal(ErrorCode.INVALID_MESSAGE, "no parcels in it", locate("/parcels"))
    return Decoded(header, parcels, locate)


def extract_header(
    table: Table, document: Any, source: Source, *, but: str = ""
) -> ManifestBase | Refusal:
    """The header alone. What stands at the path `but` is not looked at."""
    unknown = source.unknown(document, "", but=but)
    if unknown:
        return Refusal(ErrorCode.INVALID_MESSAGE, "unknown field", source.told(unknown))
    header = msgspec.structs.replace(table.root, groups=[])
    fitted = fit(build(table, header, document, source, {}), ManifestBase)
    if isinstance(fitted, Misfit):
        where = locator(table, document, source)(fitted.pointer)
        return Refusal(ErrorCode.INVALID_MESSAGE, fitted.explanation, where)
    return fitted


def _parcel(table: Table, group: Group, node: Any, source: Source) -> Parcel | BadParcel:
    parcel = _fitted(table, group, node, source)
    if isinstance(parcel, Misfit):
        return BadParcel(_parcel_id(group, node, source), parcel.pointer, parcel.explanation)
    return parcel


def _fitted(table: Table, group: Group, node: Any, source: Source) -> Parcel | Misfit:
    unknown = source.unknown(node, group.path)
    if unknown:
        return Misfit(f"unknown field {unknown}", "")
    currencies: Currencies = {}
    try:
        found = build(table, group, node, source, currencies)
    except MisreadError as error:
        return Misfit(str(error), error.pointer)
    if len(currencies) > 1:
        names = " and ".join(currencies)
        return Misfit(f"amounts in {names}; give them in one", list(currencies.values())[1])
    return fit({"currency": "".join(currencies), **found}, Parcel)


def _parcel_id(group: Group, node: Any, source: Source) -> str:
    for leaf in group.leaves:
        if leaf.field == ("parcel_id",):
            for text in source.values(node, leaf.path)[:1]:
                return str(text)[:PARCEL_ID_CHARACTERS_MAX]
    return ""


def fit(found: Any, type_: type[_T]) -> _T | Misfit:
    """What was found as a value of our own type, or why it is none."""
    try:
        return msgspec.convert(found, type_, strict=False)
    except msgspec.ValidationError as error:
        explanation, pointer = explained(str(error))
        missing = _MISSING.search(explanation)
        return Misfit(explanation, f"{pointer}/{missing[1]}" if missing else pointer)


def build(
    table: Table, group: Group, node: Any, source: Source, currencies: Currencies
) -> dict[str, Any]:
    """What a group's rows find in a node, under our names.

    Raises:
        MisreadError: a value cannot be read.
    """
    found: dict[str, Any] = {}
    for leaf in group.leaves:
        _take(table, leaf, node, source, found, currencies)
    for inner in group.groups:
        entries = _holder(found, inner.field).setdefault(inner.field[-1], [])
        for entry in source.many(node, inner.path):
            place = f"/{'/'.join(inner.field)}/{len(entries)}"
            of_entry: Currencies = {}
            try:
                entries.append(_unwrapped(build(table, inner, entry, source, of_entry)))
            except MisreadError as error:
                raise MisreadError(str(error), f"{place}{error.pointer}") from error
            for currency, pointer in of_entry.items():
                currencies.setdefault(currency, f"{place}{pointer}")
    return found


def _take(
    table: Table,
    leaf: Leaf,
    node: Any,
    source: Source,
    found: dict[str, Any],
    currencies: Currencies,
) -> None:
    """Put what one row finds into its field, unless a row before has."""
    name = leaf.field[-1] if leaf.field else ""
    before = _at(found, leaf.field)
    if before is not None and leaf.row.join is None:
        return
    pointer = f"/{'/'.join(leaf.field)}"
    value = _value(table, leaf, node, source, pointer)
    if value is None:
        return
    joined = value if before is None else f"{before}{leaf.row.join}{value}"
    _holder(found, leaf.field)[name] = joined
    if leaf.row.currency:
        for currency in source.values(node, leaf.currency_path)[:1]:
            currencies.setdefault(str(currency), pointer)


def _value(table: Table, leaf: Leaf, node: Any, source: Source, pointer: str) -> Any:
    row, texts = leaf.row, source.values(node, leaf.path)
    if row.value is not None:
        return row.value if texts or not leaf.path else None
    if not texts:
        return None
    text = texts[0]
    if row.read in {"mass", "total"}:
        units = source.values(node, leaf.unit_path) if row.unit else []
        return _mass(texts if row.read == "total" else texts[:1], units, pointer)
    if not isinstance(text, str):
        return text
    text = READERS[row.read](text)
    if row.codes:
        codes = table.file.codes[row.codes]
        return codes.get(text, codes.get("*", text))
    return text


def _mass(texts: list[Any], units: list[Any], pointer: str) -> Any:
    """One mass, or the total of several, in kilograms."""
    if not all(isinstance(text, str | int) for text in texts):
        return texts[0]
    units = units if len(units) == len(texts) else [""] * len(texts)
    try:
        masses = [kilograms(str(text), str(unit)) for text, unit in zip(texts, units, strict=True)]
    except MisreadError as error:
        raise MisreadError(str(error), pointer) from error
    return masses[0] if len(masses) == 1 else total(masses)


def _at(found: dict[str, Any], field: tuple[str, ...]) -> Any:
    """What stands in a field so far."""
    for step in field[:-1]:
        found = found.get(step, {})
    return found.get(field[-1] if field else "")


def _holder(found: dict[str, Any], field: tuple[str, ...]) -> dict[str, Any]:
    """The object that a field stands in, made if need be."""
    for step in field[:-1]:
        found = found.setdefault(step, {})
    return found


def _unwrapped(entry: dict[str, Any]) -> Any:
    """An entry that is a text by itself, such as a code, or the entry with its fields."""
    return entry.get("", entry)
