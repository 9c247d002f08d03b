"""The format of the files below law/: parameters, charges and their rules."""

from datetime import date
from typing import Literal

from msgspec import Struct, field

from pipeline.model.revenue import ChargeKind, LawStatus, NothingReason

Confidence = Literal["high", "medium", "low"]


class ValueEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A parameter's value in one period, [from, until).

    `known` is the day since which the law was known to hold in this period; `withdrawn` the day
    on which it turned out otherwise, because it was postponed or had been recorded wrongly.
    """

    start: date = field(name="from")
    until: date | None = None
    known: date
    withdrawn: date | None = None
    value: str | None
    status: LawStatus
    confidence: Confidence
    note: str = ""


class ParameterEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One legal parameter with all its values."""

    id: str
    title: str
    unit: str
    legal_basis: str
    source: str
    values: list[ValueEntry]


class ValueTest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A limit that a value keeps to: one of the four, each the id of a parameter in money.

    `of` is the value that is compared: the goods alone, goods with transport and insurance, or the
    goods of all parcels that the consignee gets on the legal date.
    `factor` is a parameter that multiplies it first.
    """

    of: Literal["goods", "cif", "day"] = "goods"
    up_to: str = ""
    above: str = ""
    below: str = ""
    at_least: str = ""
    factor: str = ""


class When(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Conditions of a rule, all of which must hold. Goods and limits are ids of parameters.

    Those from `item_value` to `dutiable_in` are on each item, the others on the parcel. `free_in`
    and `dutiable_in` name a tariff table; `charged` names charges of which one is not nothing.
    """

    flows: list[Literal["gift", "consumer", "commercial"]] = []
    destinations: list[str] = []
    not_destinations: list[str] = []
    dispatched_from: list[str] = []
    not_dispatched_from: list[str] = []
    modes: list[Literal["sea", "rail", "road", "air", "mail"]] = []
    not_modes: list[Literal["sea", "rail", "road", "air", "mail"]] = []
    vendor_id: str = ""
    data_sets: list[Literal["H1", "H7"]] = []
    value: list[ValueTest] = []
    parcel_with: str = ""
    parcel_without: str = ""
    parcel_without_origins: list[str] = []
    charged: list[str] = []
    item_value: list[ValueTest] = []
    goods: str = ""
    not_goods: str = ""
    origins: list[str] = []
    not_origins: list[str] = []
    free_in: str = ""
    dutiable_in: str = ""


class RuleEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a charge is under certain conditions: exactly one of the five outcomes.

    - `nothing`: no charge, and the reason.
    - `rate`: a share of the sum of the terms `of`, which are "goods", "transport" and charges;
      the values among them count by `factor`, the product is lessened by `minus` and kept between
      `least` and `most`; `inside` means that the tax is part of its own basis.
    - `amount`: a fixed amount `per` parcel, item, group of items, piece or kilogram.
    - `tariff`: the duty rates of a table, on the terms `of`; `at_most` caps them.
    - `unknown`: not computed, in words.
    """

    id: str
    title: str
    legal_basis: str
    source: str
    start: date = field(name="from")
    until: date | None = None
    known: date
    withdrawn: date | None = None
    status: LawStatus
    confidence: Confidence
    note: str = ""
    when: When = When()
    doubt: str = ""
    nothing: NothingReason | None = None
    rate: str = ""
    amount: str = ""
    tariff: str = ""
    unknown: str = ""
    of: list[str] = []
    each_item: bool = False
    inside: bool = False
    factor: str = ""
    minus: str = ""
    least: str = ""
    most: str = ""
    at_most: str = ""
    per: Literal["", "parcel", "item", "piece", "kg", "subheading", "tariff_line"] = ""


class ChargeEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A charge: the first rule whose conditions hold for an item decides on it.

    A parcel relieved of the charge that it `follows` is relieved of it too. A `needed` charge that
    no rule decides on makes an estimate. Up to `waived_up_to` in total it is not levied.
    `rounding` and `rounding_of_basis` are parameters; without them, to the cent.
    """

    id: str
    kind: ChargeKind
    title: str
    needed: bool = True
    follows: str = ""
    waived_up_to: str = ""
    rounding: str = ""
    rounding_of_basis: str = ""
    rules: list[RuleEntry]


class LawFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of the rule book: parameters and charges of one jurisdiction and subject."""

    jurisdiction: str
    subject: str
    parameters: list[ParameterEntry] = []
    charges: list[ChargeEntry] = []


class JurisdictionFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file `jurisdiction.yaml`: currency, and the countries with their time zones.

    `low_value_limits` are the parameters that bound the simplified procedure; the first in force
    counts. `exchange` is the rate that the law names, that of the `exchange_date`; unless it
    `is_shipped` or stands in `exchange/`, another stands in for it. `special_territories` are the
    beginnings of postcodes where other rules hold than here.
    """

    jurisdiction: str
    title: str
    currency: str
    key_date: Literal["arrival"]
    exchange: str
    exchange_is_shipped: bool = False
    exchange_date: Literal["arrival", "export"] = "arrival"
    low_value_limits: list[str]
    zones: dict[str, str]
    special_territories: dict[str, list[str]] = {}
