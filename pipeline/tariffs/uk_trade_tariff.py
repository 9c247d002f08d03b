"""Great Britain's tariff as its API answers: JSON of one commodity, `/uk/api/commodities/{code}`.

JSON:API: the commodity is `data`, its measures with duty, type and area stand under `included`.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pipeline.errors import InputFileError
from pipeline.tariffs.duty_texts import european
from pipeline.tariffs.snapshot import UNSAID, LeftOut, Rate, Snapshot, heading_of

THIRD_COUNTRY_DUTY = "103"
ERGA_OMNES = "1011"


class _Resource(Struct):
    """One object of the answer."""

    id: str
    type: str
    attributes: dict[str, Any] = {}
    relationships: dict[str, Any] = {}

    def related(self, name: str) -> str:
        """The id of a related object; empty if there is none."""
        data = (self.relationships.get(name) or {}).get("data")
        return str(data["id"]) if isinstance(data, dict) else ""


class _Answer(Struct):
    data: _Resource
    included: list[_Resource] = []


def read_uk_trade_tariff(path: Path) -> Snapshot:
    """Read the answer for one commodity.

    Raises:
        InputFileError: it cannot be read, or is no such answer.
    """
    try:
        answer = msgspec.json.decode(path.read_bytes(), type=_Answer)
        return _snapshot(answer)
    except (OSError, msgspec.DecodeError, KeyError, ValueError, TypeError) as error:
        raise InputFileError(f"{path} is no answer of the tariff's API: {error!r}") from error


def _snapshot(answer: _Answer) -> Snapshot:
    code = str(answer.data.attributes["goods_nomenclature_item_id"])
    if not (code.isascii() and code.isdigit()):
        raise ValueError(f"{code!r} is no commodity code")
    goods = str(answer.data.attributes.get("description", ""))
    included = {(one.type, one.id): one for one in answer.included}
    rates: list[Rate] = []
    left_out: list[LeftOut] = []
    for measure in answer.included:
        if measure.type != "measure" or not measure.attributes.get("import", True):
            continue
        type_, area = measure.related("measure_type"), measure.related("geographical_area")
        named = included.get(("measure_type", type_))
        name = f"{type_} {named.attributes.get('description', '') if named else ''}".strip()
        expression = included.get(("duty_expression", measure.related("duty_expression")))
        text = str(expression.attributes.get("base", "")) if expression else ""
        duty = european(text)
        if type_ != THIRD_COUNTRY_DUTY or area != ERGA_OMNES:
            where = "" if area == ERGA_OMNES else f" for {area}"
            left_out.append(LeftOut(code, f"{name}{where}", "only duty on all origins is read"))
        elif measure.related("additional_code"):
            left_out.append(LeftOut(code, name, "rests on an additional code", True))
        elif duty is None:
            left_out.append(LeftOut(code, f"{name}: {text}", UNSAID, True))
        else:
            start = date.fromisoformat(measure.attributes["effective_start_date"][:10])
            last = measure.attributes.get("effective_end_date")
            until = date.fromisoformat(last[:10]) + timedelta(days=1) if last else None
            rates.append(Rate(heading_of(code), goods, duty, start, until))
    return Snapshot(rates, left_out)
