"""Code lists: countries (ISO 3166-1), currencies (ISO 4217), HS 2022 subheadings, postcodes."""

import csv
import re
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
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


@lru_cache(maxsize=256)
def currencies_in_force(on: date) -> frozenset[str]:
    """Codes of ISO 4217 that are not withdrawn on a date."""
    with (DATA_FOLDER / "currencies.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    day = on.isoformat()
    return frozenset(row["code"] for row in rows if not row["until"] or day <= row["until"])


@cache
def postcode_patterns() -> Mapping[str, re.Pattern[str]]:
    """The whole postcode, by country; a country without postcodes has none."""
    with (DATA_FOLDER / "postcodes.csv").open(encoding="utf-8", newline="") as stream:
        return {
            row["alpha_2"]: re.compile(row["pattern"], re.IGNORECASE | re.ASCII)
            for row in csv.DictReader(stream)
        }


@cache
def hs_subheadings() -> frozenset[str]:
    """All six-digit subheadings of the Harmonized System 2022."""
    return frozenset((DATA_FOLDER / "hs_2022.txt").read_text(encoding="utf-8").split())
