"""Whatever carriers send, the ledger closes."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.app import build_rooms
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from tests.closing import assert_closes
from tests.intake.intake import KEY, PUBLISHED_MS
from tests.intake.test_mutations import BROKEN_BYTES, MESSAGE, broken_structure

ROOMS = build_rooms(Settings())
MESSAGES = st.one_of(st.just(MESSAGE), BROKEN_BYTES, broken_structure())


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(MESSAGES, min_size=1, max_size=4))
def test_mutations_of_a_manifest_close_the_ledger(messages: list[bytes]) -> None:
    """All under one key, so that they also meet as repeats and as other content."""
    stream = MemoryStream(ROOMS, partitions=2)
    for message in messages:
        stream.publish("manifests", key=KEY, value=message, timestamp_ms=PUBLISHED_MS)
    stream.run_until_idle()
    assert_closes(stream)
