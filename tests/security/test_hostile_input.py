"""What no ordinary client sends is counted, and neither stops a partition nor fills a memory."""

from pathlib import Path

import msgspec

from pipeline.model import Decision
from pipeline.sandbox.workers import WorkerProcess
from pipeline.stream.records import RECORD_BYTES_MAX
from tests import builders
from tests.security.conftest import PREFIX
from tests.security.secured_broker import SecuredBroker
from tests.security.settled import announced_before, settled
from tests.stream.raw_batches import ZSTD, batch, headers_record, produce, record, zeros_record

TOPIC = "manifests.SWIFTPOST"
MANIFEST_ID = "after the flood"
KEY = f"SWIFTPOST/{MANIFEST_ID}".encode()
GOOD = msgspec.json.encode(
    builders.manifest(manifest_id=MANIFEST_ID, parcels=[builders.parcel(parcel_id="LX000000005CN")])
)
GROWTH_MB_MAX = 150
"""A thousand megabytes of zeros would show."""
HOSTILE = {
    "1,000 MiB of zeros in 32 kB": batch(zeros_record(1000 << 20), 1, codec=ZSTD),
    "15 MiB in one message": batch(zeros_record(15 << 20), 1, codec=ZSTD),
    "more than a topic takes": batch(zeros_record(RECORD_BYTES_MAX), 1, codec=ZSTD),
    "8,000,000 headers": batch(headers_record(8_000_000), 1, codec=ZSTD),
    "900,000 headers": batch(headers_record(900_000), 1, codec=ZSTD),
    "a header that is no text": batch(record(0, b"?", b"?", [(b"\xff\xfe", b"")]), 1),
    "a header without content": batch(record(0, b"?", b"?", [(b"parcels", None)]), 1),
    "101 headers": batch(record(0, b"?", b"?", [(b"h", b"")] * 101), 1),
}


def peak_memory_mb(worker: WorkerProcess) -> int:
    """The most memory that the process has had so far."""
    status = Path(f"/proc/{worker.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


async def test_hostile_batches_are_dead_letters_and_the_next_manifest_is_decided(
    installation: SecuredBroker, worker: WorkerProcess
) -> None:
    """The broker takes them all; the worker's peak memory hardly moves; the ledger closes."""
    before, peak_mb = await announced_before(installation), peak_memory_mb(worker)
    user = installation.user("SWIFTPOST")
    codes = await produce(user, PREFIX + TOPIC, [*HOSTILE.values(), batch(record(0, KEY, GOOD), 1)])
    assert codes == [0] * (len(HOSTILE) + 1)
    ledger, records = await settled(installation, before + len(HOSTILE) + 1)
    assert ledger.closed, ledger
    assert ledger.announced == before + len(HOSTILE) + 1
    assert peak_memory_mb(worker) - peak_mb < GROWTH_MB_MAX
    assert worker.exit_status is None
    letters = [dict(r.headers)["error_code"] for r in records if r.topic == "dead-letters"]
    assert letters.count(b"unreadable_batch") == 3
    assert letters.count(b"message_too_large") == 3
    decided = [
        msgspec.json.decode(r.value or b"", type=Decision)
        for r in records
        if r.topic in {"release", "inspection", "revenue"}
    ]
    assert MANIFEST_ID in {decision.manifest_id for decision in decided}
