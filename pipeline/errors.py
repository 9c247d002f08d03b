"""Error codes and exceptions of the whole project. Codes are bounded: they become metric labels."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why a message went to `dead-letters`, or a parcel was refused after intake."""

    EMPTY_MESSAGE = "empty_message"
    KEY_MISSING = "key_missing"
    KEY_MISMATCH = "key_mismatch"
    CARRIER_MISMATCH = "carrier_mismatch"
    MESSAGE_TOO_LARGE = "message_too_large"
    UNREADABLE_BATCH = "unreadable_batch"
    INVALID_UTF8 = "invalid_utf8"
    UNKNOWN_FORMAT = "unknown_format"
    INVALID_JSON = "invalid_json"
    INVALID_XML = "invalid_xml"
    UNSAFE_XML = "unsafe_xml"
    INVALID_MESSAGE = "invalid_message"
    UNKNOWN_SCHEMA_VERSION = "unknown_schema_version"
    NOT_ADVANCE_DATA = "not_advance_data"
    NOT_AN_IMPORT = "not_an_import"
    UNKNOWN_DECLARATION = "unknown_declaration"
    UNKNOWN_PARCEL = "unknown_parcel"
    ILLEGAL_MOVE = "illegal_move"
    INVALID_LAW = "invalid_law"
    INTERNAL_ERROR = "internal_error"


ERROR_TEXTS: dict[ErrorCode, str] = {
    ErrorCode.EMPTY_MESSAGE: "the message has no content; send the JSON document as its value",
    ErrorCode.KEY_MISSING: "the message has no key; set the key the topic's declaration names",
    ErrorCode.KEY_MISMATCH: "the key does not name what the content names; make them agree",
    ErrorCode.CARRIER_MISMATCH: "the carrier it names may not write to this topic; each carrier "
    "writes to its own, under its own id",
    ErrorCode.MESSAGE_TOO_LARGE: "the message holds more than the limit; split it into parts",
    ErrorCode.UNREADABLE_BATCH: "a batch of messages is damaged, or unpacks to more than the "
    "limit; send it again in smaller batches",
    ErrorCode.INVALID_UTF8: "the message is not UTF-8 text; encode it as UTF-8",
    ErrorCode.UNKNOWN_FORMAT: "no known format; see formats.md for formats and their headers",
    ErrorCode.INVALID_JSON: "the message is not a JSON document; check brackets, quotes, end",
    ErrorCode.INVALID_XML: "the message is not well-formed XML; check it at the place named",
    ErrorCode.UNSAFE_XML: "the XML has a document type, which may hide entities; send it without",
    ErrorCode.INVALID_MESSAGE: "a field is missing or has the wrong type; see the field path",
    ErrorCode.UNKNOWN_SCHEMA_VERSION: "schema_version is not one this system reads; use 1",
    ErrorCode.NOT_ADVANCE_DATA: "the document announces no goods; send filings or declarations",
    ErrorCode.NOT_AN_IMPORT: "the declaration is not for import; only imports are cleared here",
    ErrorCode.UNKNOWN_DECLARATION: "it changes a declaration unknown here; send the whole data",
    ErrorCode.UNKNOWN_PARCEL: "no decision is known for this parcel; check carrier and parcel id",
    ErrorCode.ILLEGAL_MOVE: "the parcel's state does not allow this; see the table of moves",
    ErrorCode.INVALID_LAW: "published law breaks the format of the rule book, so the law before it "
    "goes on; publish with `greenlane law publish`, which checks it first",
    ErrorCode.INTERNAL_ERROR: "a fault of this system; the original is kept, tell the operator",
}
"""What to do about each code, for acknowledgements, logs and the generated reference."""


class GreenlaneError(Exception):
    """Base of all errors whose text is meant for people."""


class RuleBookError(GreenlaneError):
    """A file of the rule book breaks its own format; the text names file and field."""


class SettingsError(GreenlaneError):
    """A setting has an unusable value; the text names the variable."""


class BrokerError(GreenlaneError):
    """No usable broker; the text names address or log file and what to do."""


class InputFileError(GreenlaneError):
    """A file given on the command line cannot be used; the text names file and line."""
