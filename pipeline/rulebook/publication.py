"""Law that is published while workers run: a message of the topic `law`, and what is wrong with it.

A publication holds all files that differ from those of the release, so each can be judged without
those before it: the last one counts whole.
"""

from datetime import date
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from pipeline.errors import ERROR_TEXTS, ErrorCode, RuleBookError
from pipeline.model.nesting import NESTING_MAX, nests_too_deeply
from pipeline.rulebook.book import RuleBook
from pipeline.rulebook.overlay import overlaid

TOPIC = "law"
KEY = b"law"
SCHEMA_VERSION = 1
MESSAGE_BYTES_MAX = 2_000_000
"""Below what the topic takes, so that a whole tariff fits in."""
PATH = r"^[A-Za-z0-9_]{1,20}/[A-Za-z0-9_.]{1,60}\.(yaml|csv)$"

LawPath = Annotated[str, Meta(pattern=PATH)]
"""A file of law below the folder of law, such as EU/duty.yaml."""


class LawPublication(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """New law: `files` by path, from the legal date `covers_from` on."""

    schema_version: int = SCHEMA_VERSION
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    covers_from: date
    files: dict[LawPath, str]


class RefusedLaw(NamedTuple):
    """Why a publication is no law."""

    code: ErrorCode
    text: str


class PublishedLaw(NamedTuple):
    """A publication with the rule book that it makes of the release's."""

    publication: LawPublication
    book: RuleBook


class _Version(Struct):
    schema_version: int = SCHEMA_VERSION


_decode_version = msgspec.json.Decoder(_Version).decode
_decode = msgspec.json.Decoder(LawPublication).decode


def read_publication(key: bytes | None, value: bytes | None) -> LawPublication | RefusedLaw:
    """Decode a message of the topic."""
    if not value:
        return _refused(ErrorCode.EMPTY_MESSAGE)
    if key != KEY:
        return _refused(ErrorCode.KEY_MISMATCH if key else ErrorCode.KEY_MISSING, "it must be law")
    if len(value) > MESSAGE_BYTES_MAX:
        return _refused(ErrorCode.MESSAGE_TOO_LARGE, f"{MESSAGE_BYTES_MAX:,} bytes")
    if nests_too_deeply(value):
        deep = f"its brackets are nested more than {NESTING_MAX} deep"
        return _refused(ErrorCode.INVALID_JSON, deep)
    try:
        version = _decode_version(value).schema_version
        if version != SCHEMA_VERSION:
            return _refused(ErrorCode.UNKNOWN_SCHEMA_VERSION, f"schema_version is {version}")
        return _decode(value)
    except msgspec.ValidationError as error:
        return _refused(ErrorCode.INVALID_MESSAGE, str(error))
    except msgspec.DecodeError as error:
        return _refused(ErrorCode.INVALID_JSON, str(error))
    except UnicodeDecodeError as error:
        return _refused(ErrorCode.INVALID_UTF8, f"byte {error.start}")


def judge(key: bytes | None, value: bytes | None) -> PublishedLaw | RefusedLaw:
    """Decode a message, and check the whole rule book with it."""
    publication = read_publication(key, value)
    if isinstance(publication, RefusedLaw):
        return publication
    try:
        return PublishedLaw(publication, overlaid(publication.files))
    except RuleBookError as error:
        return _refused(ErrorCode.INVALID_LAW, str(error))


def _refused(code: ErrorCode, detail: str = "") -> RefusedLaw:
    return RefusedLaw(code, f"{ERROR_TEXTS[code]}{': ' if detail else ''}{detail}")
