"""The ledger counts messages of every format as intake answers them."""

import msgspec
import pytest

from pipeline.ops.ledger import Ledger
from tests.builders import manifest
from tests.formats.examples import EXAMPLES, with_text
from tests.formats.mutate import key_for
from tests.ledger.test_tally import count, records, run

CANONICAL = msgspec.json.encode(manifest())


def ledger_of(*messages: tuple[bytes, list[tuple[str, bytes]]]) -> Ledger:
    """The ledger after messages with these headers, each under its own key."""
    return count(
        records(run([("manifests", key_for(value), value, headers) for value, headers in messages]))
    )


@pytest.mark.parametrize(
    ("name", "parcels"),
    [("itmatt", 2), ("ics2_f43", 1), ("ics2_f32", 1), ("ics2_f30", 1), ("wco_declaration", 1)],
)
def test_a_manifest_of_any_format_is_counted_by_its_content(name: str, parcels: int) -> None:
    """Whatever its header says, and once however often it is sent."""
    headers = [("parcels", b"5")]
    ledger = ledger_of((EXAMPLES[name], headers), (EXAMPLES[name], headers))
    assert ledger.closed, ledger
    assert (ledger.announced, ledger.decided) == (parcels, parcels)
    assert ledger.repeated_messages == 1


@pytest.mark.parametrize("name", ["ics2_f44", "acas"])
def test_a_partial_filing_announces_no_parcels(name: str) -> None:
    """Whatever its header says: its parcels are announced with their item data."""
    ledger = ledger_of((EXAMPLES[name], [("parcels", b"2")]), (EXAMPLES[name], []))
    assert ledger.closed, ledger
    assert (ledger.announced, ledger.dead_lettered) == (0, 0)


def test_rejected_parcels_and_refused_documents_are_in_the_sum() -> None:
    ledger = ledger_of(
        (with_text("itmatt", "wooden chess set", "gift"), []),
        (with_text("wco_declaration", "<TypeCode>IMA", "<TypeCode>EXA"), [("parcels", b"4")]),
        (with_text("ics2_f43", "24.90", "a lot"), []),
    )
    assert ledger.closed, ledger
    assert (ledger.announced, ledger.decided, ledger.rejected) == (7, 1, 2)
    assert ledger.dead_lettered == 4


def test_a_message_in_another_format_than_its_header_names_is_not_read() -> None:
    ledger = ledger_of((CANONICAL, [("format", b"itmatt"), ("parcels", b"3")]))
    assert ledger.closed, ledger
    assert (ledger.announced, ledger.dead_lettered) == (3, 3)


def test_a_manifest_that_is_not_utf_8_is_not_read() -> None:
    value = CANONICAL.replace(b"Anna", b"An\xffa")
    ledger = count(records(run([("manifests", key_for(CANONICAL), value, [("parcels", b"3")])])))
    assert ledger.closed, ledger
    assert ledger.dead_lettered == 3
