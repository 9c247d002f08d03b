"""All limits on what comes in, collected from where they are enforced; for the generated page."""

from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple

from msgspec import inspect

from pipeline.cli.files import FILE_BYTES_MAX
from pipeline.contract.declarations import declared_topics
from pipeline.decide.state import FEEDBACK_PER_CASE_MAX
from pipeline.formats.xml_source import ELEMENTS_MAX, XML_NESTING_MAX
from pipeline.intake.bounded import ACKNOWLEDGEMENT_BYTES_MAX
from pipeline.intake.check_manifest import PARTS_MAX
from pipeline.intake.check_masses import MASS_DECIMALS_MAX, MASS_KG_MAX
from pipeline.intake.check_values import AMOUNT_MAX
from pipeline.model import Cancellation, InspectionResult, Manifest, Movement, Payment
from pipeline.model.nesting import NESTING_MAX
from pipeline.sandbox.manifest_files import MESSAGE_BYTES_MAX
from pipeline.settings import Settings
from pipeline.stream.records import HEADERS_MAX, RECORD_BYTES_MAX
from pipeline.stream.unpack import BATCH_BYTES_MAX, FETCHED_BYTES_MAX, FRAME_BYTES_MAX

INCOMING = (Manifest, InspectionResult, Payment, Movement, Cancellation)


class Limit(NamedTuple):
    """What is limited, to what, and what becomes of what exceeds it."""

    what: str
    most: str
    beyond: str


class FieldLimit(NamedTuple):
    """A field of a message and what its type allows."""

    message: str
    field: str
    most: str


def limits() -> list[Limit]:
    """Limits beside those of single fields, from the wire inwards."""
    manifests = next(topic for topic in declared_topics() if topic.name == "manifests")
    setting = {field.name: field.default for field in fields(Settings)}
    return [
        Limit(
            "batch on the wire, compressed",
            f"{manifests.message_bytes_max:,} bytes",
            "the broker refuses it (`max.message.bytes` of the topic)",
        ),
        Limit("batch, unpacked", f"{BATCH_BYTES_MAX:,} bytes", "dead letter `unreadable_batch`"),
        Limit(
            "message of a batch, unpacked",
            f"{FRAME_BYTES_MAX:,} bytes",
            "the batch: dead letter `unreadable_batch`",
        ),
        Limit(
            "unpacked of one partition at a time",
            f"{FETCHED_BYTES_MAX:,} bytes",
            "the rest is fetched again",
        ),
        Limit(
            "message: key, value and headers, unpacked",
            f"{RECORD_BYTES_MAX:,} bytes",
            "dead letter `message_too_large`",
        ),
        Limit("headers of a message", f"{HEADERS_MAX}", "dead letter `message_too_large`"),
        Limit("brackets within brackets", f"{NESTING_MAX} levels", "dead letter `invalid_json`"),
        Limit("elements of an XML message", f"{ELEMENTS_MAX:,}", "dead letter `message_too_large`"),
        Limit("elements within elements", f"{XML_NESTING_MAX}", "dead letter `invalid_xml`"),
        Limit(
            "parcels of a manifest message",
            f"{setting['manifest_parcels_max']:,} (`GREENLANE_MANIFEST_PARCELS_MAX`)",
            "dead letter `message_too_large`",
        ),
        Limit("parts of a manifest", f"{PARTS_MAX:,}", "refused, DQ34"),
        Limit("amount of money", f"below {AMOUNT_MAX:,}", "parcel refused, DQ17"),
        Limit(
            "mass",
            f"{MASS_KG_MAX:,} kg, {MASS_DECIMALS_MAX} decimals",
            "parcel refused, DQ19",
        ),
        Limit(
            "faults an acknowledgement names",
            f"{setting['acknowledgement_faults_max']} (`GREENLANE_ACKNOWLEDGEMENT_FAULTS_MAX`)",
            "the rest is counted",
        ),
        Limit(
            "acknowledgement",
            f"{ACKNOWLEDGEMENT_BYTES_MAX:,} bytes",
            "faults that do not fit are counted",
        ),
        Limit(
            "entries a room remembers of one partition",
            f"{setting['state_entries_max']:,} (`GREENLANE_STATE_ENTRIES_MAX`)",
            "the worker stops, input waits",
        ),
        Limit(
            "results and payments of one case",
            f"{FEEDBACK_PER_CASE_MAX}",
            "dead letter `illegal_move`",
        ),
        Limit(
            "file of `greenlane publish`, `check` and `decide`",
            f"{FILE_BYTES_MAX:,} bytes",
            "nothing is done, exit status 2",
        ),
        Limit(
            "message that `greenlane publish` makes",
            f"{MESSAGE_BYTES_MAX:,} bytes",
            "the manifest is split into parts",
        ),
    ]


def field_limits() -> list[FieldLimit]:
    """What the types of incoming messages allow, each struct once."""
    seen: set[type] = set()
    return [limit for message in INCOMING for limit in _of_struct(message, seen)]


def _of_struct(struct: type, seen: set[type]) -> Iterator[FieldLimit]:
    if struct in seen:
        return
    seen.add(struct)
    inner: list[type] = []
    described = inspect.type_info(struct)
    if isinstance(described, inspect.StructType):
        for field in described.fields:
            for kind in _kinds(field.type):
                most = _most(kind)
                if most:
                    yield FieldLimit(struct.__name__, field.encode_name, most)
                inner += _structs(kind)
    for other in inner:
        yield from _of_struct(other, seen)


def _kinds(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        yield from _kinds(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _kinds(one)
    else:
        yield kind


def _most(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.StrType):
        return f"{kind.max_length} characters" if kind.max_length else f"`{kind.pattern or ''}`"
    if isinstance(kind, inspect.ListType | inspect.VarTupleType) and kind.max_length:
        return f"{kind.max_length} entries"
    if isinstance(kind, inspect.IntType) and kind.le is not None:
        return f"{kind.le:,}"
    return ""


def _structs(kind: inspect.Type) -> Iterator[type]:
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        for one in _kinds(kind.item_type):
            yield from _structs(one)
    elif isinstance(kind, inspect.StructType):
        yield kind.cls
