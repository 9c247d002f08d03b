"""Who sent a manifest is told by its topic: a carrier's id in the content must agree."""

import msgspec
import pytest

from pipeline.errors import ErrorCode
from pipeline.intake.room import IntakeRoom
from pipeline.intake.rules import load_data_rules
from pipeline.model import Acknowledgement
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.shelf import Shelf
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from tests.builders import manifest, parcel
from tests.intake.intake import PUBLISHED_MS, described

APART = "SWIFTPOST, BLUEWAVE"


class Office:
    """An intake room where two carriers have topics of their own."""

    def __init__(self) -> None:
        room = IntakeRoom(
            Settings(carriers_with_topics=APART), load_data_rules(), Shelf(load_rule_book())
        )
        self.stream = MemoryStream([room])

    def publish(self, topic: str, carrier: str, value: bytes | None = None) -> None:
        sent = manifest(carrier=carrier, parcels=[parcel(), parcel(parcel_id="LX000000014CN")])
        self.stream.publish(
            topic,
            key=f"{carrier}/SP-0001".encode(),
            value=msgspec.json.encode(sent) if value is None else value,
            timestamp_ms=PUBLISHED_MS,
        )
        self.stream.run_until_idle()

    def answers(self, topic: str) -> list[Acknowledgement]:
        return [
            msgspec.json.decode(record.value or b"", type=Acknowledgement)
            for record in self.stream.read(topic)
        ]


@pytest.mark.parametrize(
    ("topic", "carrier", "answered_on"),
    [
        ("manifests.SWIFTPOST", "SWIFTPOST", "acknowledgements.SWIFTPOST"),
        ("manifests.BLUEWAVE", "BLUEWAVE", "acknowledgements.BLUEWAVE"),
        ("manifests", "AEROPAK", "acknowledgements"),
    ],
)
def test_a_carrier_is_answered_where_it_may_read(
    topic: str, carrier: str, answered_on: str
) -> None:
    office = Office()
    office.publish(topic, carrier)
    (answer,) = office.answers(answered_on)
    assert (answer.carrier, answer.accepted_parcels) == (carrier, 2)
    assert office.stream.read("dead-letters") == []


@pytest.mark.parametrize(
    ("topic", "carrier"),
    [
        ("manifests.BLUEWAVE", "SWIFTPOST"),
        ("manifests.BLUEWAVE", "AEROPAK"),
        ("manifests", "SWIFTPOST"),
    ],
)
def test_a_forged_carrier_id_is_a_dead_letter_with_all_its_parcels(
    topic: str, carrier: str
) -> None:
    office = Office()
    office.publish(topic, carrier)
    (letter,) = map(described, office.stream.read("dead-letters"))
    assert letter["error_code"] == ErrorCode.CARRIER_MISMATCH
    assert f"it names '{carrier}'" in letter["error_text"]
    assert (letter["source_topic"], letter["parcels"]) == (topic, "2")
    assert office.stream.read("parcels") == []
    assert office.answers(f"acknowledgements.{carrier}") == []


def test_the_owner_of_the_topic_is_told_of_the_forgery() -> None:
    """The dead letter counts the parcels, so the answer does not."""
    office = Office()
    office.publish("manifests.BLUEWAVE", "SWIFTPOST")
    (answer,) = office.answers("acknowledgements.BLUEWAVE")
    assert (answer.carrier, answer.manifest_id, answer.status) == (
        *("BLUEWAVE", "SP-0001", "rejected"),
    )
    assert (answer.announced_parcels, answer.rejected_parcels, answer.part) == (0, 0, 0)
    (fault,) = answer.faults
    assert fault.rule_id == ErrorCode.CARRIER_MISMATCH
    assert fault.correction == "each carrier writes to its own, under its own id"


def test_a_forgery_leaves_the_memory_of_the_true_carrier_alone() -> None:
    """The same manifest afterwards, on the right topic, is no repeat."""
    office = Office()
    office.publish("manifests.BLUEWAVE", "SWIFTPOST")
    office.publish("manifests.SWIFTPOST", "SWIFTPOST")
    (answer,) = office.answers("acknowledgements.SWIFTPOST")
    assert (answer.duplicate, answer.accepted_parcels) == (False, 2)


def test_an_unreadable_message_on_an_own_topic_is_answered() -> None:
    """On a shared one nobody knows whom to tell."""
    office = Office()
    office.publish("manifests.SWIFTPOST", "SWIFTPOST", b"{")
    office.publish("manifests", "AEROPAK", b"{")
    (answer,) = office.answers("acknowledgements.SWIFTPOST")
    assert [fault.rule_id for fault in answer.faults] == [ErrorCode.INVALID_JSON]
    assert office.answers("acknowledgements") == []
    assert len(office.stream.read("dead-letters")) == 2
