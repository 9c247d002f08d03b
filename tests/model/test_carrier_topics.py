"""Names of carriers' own topics, and who may stand on which."""

import pytest

from pipeline.model.carrier_topics import CarrierTopics, carrier_of, kind_of

TOPICS = CarrierTopics(["B", "A.1"])


def test_the_shared_topic_stands_first_then_each_own() -> None:
    assert TOPICS.manifests == ("manifests", "manifests.A.1", "manifests.B")
    assert TOPICS.acknowledgements == (
        *("acknowledgements", "acknowledgements.A.1", "acknowledgements.B"),
    )


@pytest.mark.parametrize(
    ("carrier", "topic", "right"),
    [
        ("B", "manifests.B", True),
        ("A.1", "manifests.A.1", True),
        ("B", "manifests.A.1", False),
        ("B", "manifests", False),
        ("C", "manifests", True),
        ("C", "manifests.B", False),
        ("b", "manifests.B", False),
        ("B\n", "manifests.B", False),
        ("B", "cancellations.B", True),
        ("B", "cancellations", False),
        ("C", "cancellations", True),
    ],
)
def test_a_carrier_stands_on_its_own_topic_or_on_the_shared_one(
    carrier: str, topic: str, right: bool
) -> None:
    assert TOPICS.is_sender(carrier, topic) == right


def test_notices_go_to_all_who_work_on_a_parcel_and_to_its_carrier() -> None:
    assert TOPICS.notices_to("B") == ("notices", "notices.B")
    assert TOPICS.notices_to("C") == ("notices",)


def test_only_an_own_topic_has_an_owner() -> None:
    assert TOPICS.owner_of("manifests.B") == "B"
    assert TOPICS.owner_of("manifests") is None


def test_answers_go_where_the_carrier_reads() -> None:
    assert TOPICS.acknowledgements_of("B") == "acknowledgements.B"
    assert TOPICS.acknowledgements_of("C") == "acknowledgements"


def test_the_topics_of_a_broker_tell_who_has_own_ones() -> None:
    names = ["manifests", "manifests.A.1", "acknowledgements.Z", "manifests.B", "release"]
    assert CarrierTopics.among(names).carriers == {"A.1", "B"}


def test_a_kind_is_what_stands_before_the_carrier() -> None:
    assert [kind_of(name) for name in ("manifests", "manifests.A.1")] == ["manifests"] * 2


@pytest.mark.parametrize(
    ("key", "carrier"), [(b"A.1/M/7", "A.1"), (b"A", "A"), (b"", ""), (b"\xff/1", "\ufffd")]
)
def test_a_key_names_its_carrier(key: bytes, carrier: str) -> None:
    assert carrier_of(key) == carrier
