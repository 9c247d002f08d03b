"""What must hold of a stream in memory once everything was worked on."""

from pipeline.errors import ErrorCode
from pipeline.ops.ledger import LEDGER_TOPICS, Tally
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream

SETTINGS = Settings()


def assert_closes(stream: MemoryStream) -> None:
    """The ledger closes, and nothing failed inside."""
    tally = Tally(manifest_parcels_max=SETTINGS.manifest_parcels_max)
    for topic in LEDGER_TOPICS:
        for record in stream.read(topic):
            tally.add(topic, record.key, record.value, record.headers)
    ledger = tally.ledger()
    assert ledger.closed, ledger
    codes = {dict(record.headers)["error_code"] for record in stream.read("dead-letters")}
    assert ErrorCode.INTERNAL_ERROR.encode() not in codes
