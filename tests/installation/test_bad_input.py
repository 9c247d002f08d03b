"""Whatever is sent ends as a dead letter or an acknowledged fault, and workers go on."""

import asyncio
from random import Random

import msgspec
import orjson

from pipeline.sandbox.carriers.simulate import simulate
from tests import builders
from tests.formats.examples import EXAMPLES
from tests.installation.installation import Installation, Raw, send, settled

GOOD = msgspec.json.encode(builders.manifest())
KEY = b"SWIFTPOST/SP-0001"
DOCUMENT = orjson.loads(GOOD)


def changed(**fields: object) -> bytes:
    return orjson.dumps({**DOCUMENT, **fields})


def parcel(**fields: object) -> list[dict[str, object]]:
    return [{**DOCUMENT["parcels"][0], **fields}]


BAD = {
    "truncated": Raw(KEY, GOOD[:-40], 1),
    "empty": Raw(KEY, b""),
    "no value": Raw(KEY, None),
    "no key": Raw(None, GOOD),
    "another key": Raw(b"SWIFTPOST/SP-9999", GOOD),
    "NUL": Raw(KEY, GOOD.replace(b"Anna", b"An\x00a")),
    "bad UTF-8": Raw(KEY, GOOD.replace(b"Anna", b"An\xff\xfea")),
    "deep nesting": Raw(KEY, b"[" * 200_000),
    "deep nesting of objects": Raw(KEY, b'{"a":' * 100_000),
    "one MiB of nothing": Raw(KEY, b" " * 1_000_000),
    "one MiB of text": Raw(KEY, b'"' + b"x" * 1_000_000 + b'"'),
    "schema version 99": Raw(KEY, changed(schema_version=99)),
    "schema version as text": Raw(KEY, changed(schema_version="1")),
    "parcels as object": Raw(KEY, changed(parcels={})),
    "huge number": Raw(KEY, GOOD.replace(b'"24.90"', b"1" + b"0" * 5_000)),
    "not a number": Raw(KEY, GOOD.replace(b'"24.90"', b'"NaN"')),
    "exponent": Raw(
        b"SWIFTPOST/SP-2", GOOD.replace(b"SP-0001", b"SP-2").replace(b'"24.90"', b'"1e400"')
    ),
    "wrong type in a parcel": Raw(
        b"SWIFTPOST/SP-3", changed(manifest_id="SP-3", parcels=parcel(items="none"))
    ),
    "unknown field in a parcel": Raw(
        b"SWIFTPOST/SP-4", changed(manifest_id="SP-4", parcels=parcel(colour="red"))
    ),
    "lone surrogate": Raw(KEY, GOOD.replace(b"Anna", b"An\\ud800a")),
    "EDIFACT": Raw(KEY, b"UNB+UNOA:1+SENDER+RECEIVER'"),
    "a notification": Raw(KEY, b"<MetaData><Response/></MetaData>"),
    "half an element": Raw(KEY, b"<MetaData><Decl"),
    "entities": Raw(KEY, b'<!DOCTYPE a [<!ENTITY x "y">]><MetaData>&x;</MetaData>'),
}


def test_bad_messages_are_accounted_for_and_good_ones_decided(
    installation: Installation, runner: asyncio.Runner
) -> None:
    """Good manifests around the bad ones are decided; the ledger closes; no worker restarts."""
    good = [Raw(m.key, m.value, m.parcels) for m in simulate(600, 21)]
    filing = Raw(b"FASTEX/FX-778-20260706", EXAMPLES["acas"])  # announces nothing
    runner.run(send(installation, [*good[:1], *BAD.values(), filing, *good[1:]]))
    ledger, records = runner.run(settled(installation, announced=600 + len(BAD)))
    assert ledger.closed, ledger
    assert ledger.announced == 600 + len(BAD)
    codes = {dict(letter.headers)["error_code"].decode() for letter in records["dead-letters"]}
    assert "internal_error" not in codes
    assert {
        "empty_message",
        "key_missing",
        "key_mismatch",
        "invalid_json",
        "invalid_utf8",
        "invalid_message",
        "unknown_schema_version",
        "unknown_format",
        "not_advance_data",
        "invalid_xml",
        "unsafe_xml",
    } <= codes
    assert [worker.exit_status for worker in installation.pool.workers] == [None, None]


def test_the_dead_letter_keeps_the_original_bytes(
    installation: Installation, runner: asyncio.Runner
) -> None:
    value = b'{"this": "is no manifest", "random": %d}' % Random(3).randint(0, 10**9)
    runner.run(send(installation, [Raw(b"X/1", value, 7)]))
    _, records = runner.run(settled(installation, announced=1))
    (letter,) = [record for record in records["dead-letters"] if record.value == value]
    headers = dict(letter.headers)
    assert headers["source_topic"] == b"manifests"
    assert int(headers["source_offset"]) >= 0
    assert headers["error_text"]
    assert letter.key == b"X/1"
