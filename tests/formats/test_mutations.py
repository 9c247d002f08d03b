"""Whatever is done to a message of any format, it ends as a typed outcome and the ledger closes.

In CI 10,000 mutations are tried, elsewhere fewer, or as many as GREENLANE_MUTATIONS says; for
longer, see `make fuzz`.
"""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.app import build_rooms
from pipeline.formats.dispatch import FORMATS
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from tests.closing import assert_closes
from tests.formats.examples import EXAMPLES
from tests.formats.mutate import (
    BROKEN_BYTES,
    MESSAGES,
    broken_json,
    broken_xml,
    decodes_well,
    key_for,
)
from tests.intake.intake import PUBLISHED_MS
from tests.intake.test_mutations import tried

ROOMS = build_rooms(Settings())


@tried(0.2)
@given(BROKEN_BYTES)
def test_broken_bytes_decode_to_something_typed(message: bytes) -> None:
    decodes_well(message)


@tried(0.2)
@given(broken_json())
def test_broken_json_decodes_to_something_typed(message: bytes) -> None:
    decodes_well(message)


@tried(0.2)
@given(broken_xml())
def test_broken_xml_decodes_to_something_typed(message: bytes) -> None:
    decodes_well(message)


@tried(0.1)
@given(message=MESSAGES, name=st.sampled_from(sorted(FORMATS)))
def test_any_format_may_be_named_for_any_message(message: bytes, name: str) -> None:
    decodes_well(message, FORMATS[name].decode)


@tried(0.1)
@given(message=st.binary(max_size=200), name=st.sampled_from(sorted(FORMATS)))
def test_any_bytes_decode_to_something_typed(message: bytes, name: str) -> None:
    decodes_well(message)
    decodes_well(message, FORMATS[name].decode)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(MESSAGES, st.sampled_from(list(EXAMPLES.values()))), max_size=5))
def test_messages_of_any_format_close_the_ledger(messages: list[bytes]) -> None:
    """Repeats, other content under the same reference and partial filings among them."""
    stream = MemoryStream(ROOMS, partitions=2)
    for message in messages:
        stream.publish("manifests", key=key_for(message), value=message, timestamp_ms=PUBLISHED_MS)
        stream.run_until_idle()
    assert_closes(stream)
