"""Field types shared by the messages: lengths follow the EU ICS2 and WCO formats (an..70 etc.).

Decimals travel as strings. A JSON number is accepted too and read digit by digit: it never
passes through a binary float.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

Identifier = Annotated[
    str, Meta(min_length=1, max_length=70, description="an..70, unique for its issuer")
]
CARRIER_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,34}$"
CarrierId = Annotated[
    str,
    Meta(
        pattern=CARRIER_ID_PATTERN,
        description="id of the carrier: letters, digits, dot, underscore, hyphen; an..35",
    ),
]
CountryCode = Annotated[
    str,
    Meta(min_length=2, max_length=2, description="ISO 3166-1 alpha-2, capital letters"),
]
CurrencyCode = Annotated[
    str, Meta(min_length=3, max_length=3, description="ISO 4217, capital letters")
]
Amount = Annotated[
    Decimal,
    Meta(
        description="amount of money as a decimal string in the currency named beside it",
        extra_json_schema={"type": ["string", "number"], "examples": ["24.90"]},
    ),
]
MassKg = Annotated[
    Decimal,
    Meta(
        description="mass in kilograms as a decimal string, at most 6 decimals (n..16,6)",
        extra_json_schema={"type": ["string", "number"], "examples": ["0.350"]},
    ),
]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 date and time with UTC offset")]
Version = Annotated[int, Meta(ge=1, le=999, description="1 for the original, then rising by one")]
