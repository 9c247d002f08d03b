"""Code lists: countries (ISO 3166-1), currencies (ISO 4217), HS 2022 subheadings."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DATA_FOLDER = Path(__file__).parent / "data"


@cache
def country_names() -> Mapping[str, str]:
    """Name of each country by its alpha-2 code."""
    with (DATA_FOLDER / "countries.csv").open(encoding="utf-8", newline="") as stream:
        return {row["alpha_2"]: row["name"] for row in csv.DictReader(stream)}


@cache
def currency_minor_units() -> Mapping[str, int]:
    """Number of decimals of each currency, by its code."""
    with (DATA_FOLDER / "currencies.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: int(row["minor_units"]) for row in csv.DictReader(stream)}


@cache
def hs_subheadings() -> frozenset[str]:
    """All six-digit subheadings of the Harmonized System 2022."""
    return frozenset((DATA_FOLDER / "hs_2022.txt").read_text(encoding="utf-8").split())
