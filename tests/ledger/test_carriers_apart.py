"""The ledger counts the topics of single carriers like the shared ones."""

import msgspec
import pytest

from pipeline.app import build_rooms
from pipeline.model import Manifest, manifest_key
from pipeline.model.nesting import NESTING_MAX
from pipeline.ops.ledger import LEDGER_TOPICS, ledger_topics
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from pipeline.stream.records import RECORD_BYTES_MAX, within_limits
from tests.builders import manifest, parcel
from tests.ledger.test_tally import FIRST_MS, PARCELS_MAX, Record, count

ROOMS = build_rooms(
    Settings(manifest_parcels_max=PARCELS_MAX, carriers_with_topics="SWIFTPOST,BLUEWAVE")
)
OWN_TOPICS = [f"{kind}.{c}" for kind in LEDGER_TOPICS[:2] for c in ("BLUEWAVE", "SWIFTPOST")]


def run(*messages: tuple[str, Manifest | bytes]) -> list[Record]:
    """What the ledger reads once the rooms are through with manifests on their topics."""
    stream = MemoryStream(ROOMS)
    for topic, sent in messages:
        value = sent if isinstance(sent, bytes) else msgspec.json.encode(sent)
        named = msgspec.json.decode(value, type=Manifest) if isinstance(sent, Manifest) else None
        key = manifest_key(named.carrier, named.manifest_id) if named else "SWIFTPOST/SP-0001"
        stream.publish(topic, key=key.encode(), value=value, timestamp_ms=FIRST_MS)
        stream.run_until_idle()
    return [
        within_limits(record) if record.topic.startswith("manifests") else record
        for topic in (*LEDGER_TOPICS, *OWN_TOPICS)
        for record in stream.read(topic)
    ]


def two(carrier: str = "SWIFTPOST", manifest_id: str = "SP-0001", **fields: object) -> Manifest:
    parcels = [parcel(parcel_id=f"{manifest_id}-{number}") for number in (1, 2)]
    return manifest(carrier=carrier, manifest_id=manifest_id, parcels=parcels, **fields)


def test_topics_of_carriers_are_found_among_those_of_the_broker() -> None:
    existing = [*LEDGER_TOPICS, *OWN_TOPICS, "parcels", "intake-changelog"]
    assert ledger_topics(existing) == [*LEDGER_TOPICS, *sorted(OWN_TOPICS)]
    assert ledger_topics([]) == list(LEDGER_TOPICS)


def test_own_and_shared_topics_add_up() -> None:
    """With a repeat, a refusal of a whole message and a late refusal by decide among them."""
    ledger = count(
        run(
            ("manifests.SWIFTPOST", two()),
            ("manifests.SWIFTPOST", two()),
            ("manifests.SWIFTPOST", two(destination_country="XX")),
            ("manifests.SWIFTPOST", two(manifest_id="SP-0002")),
            ("manifests.BLUEWAVE", two("BLUEWAVE")),
            ("manifests", two("AEROPAK")),
        )
    )
    assert ledger.closed, ledger
    assert (ledger.announced, ledger.repeated_messages) == (10, 1)
    assert ledger.rejected == 2


def test_a_late_refusal_stands_on_the_carriers_own_topic() -> None:
    """A parcel id that another manifest of the carrier has used already."""
    first = manifest(parcels=[parcel()])
    second = manifest(manifest_id="SP-0002", parcels=[parcel()])
    read = run(("manifests.SWIFTPOST", first), ("manifests.SWIFTPOST", second))
    answers = [record.topic for record in read if record.topic.startswith("acknowledgements")]
    assert answers == ["acknowledgements.SWIFTPOST"] * 3
    assert count(read).closed


@pytest.mark.parametrize("topic", ["manifests.BLUEWAVE", "manifests"])
def test_a_forged_carrier_id_closes_too(topic: str) -> None:
    """Sent twice, and once rightly: only the right one is decided."""
    read = run((topic, two()), ("manifests.SWIFTPOST", two()), (topic, two()))
    ledger = count(read)
    assert ledger.closed, ledger
    assert (ledger.announced, ledger.decided, ledger.dead_lettered) == (6, 2, 4)


@pytest.mark.parametrize("depth", [NESTING_MAX, NESTING_MAX + 1, 500, 900, 980, 2_000])
def test_a_nested_message_closes_at_any_depth(depth: int) -> None:
    """Room and ledger must draw the line at the same depth: one counts parcels, the other one."""
    text = msgspec.json.encode(two())
    deep = b'"quantity":2,"x":' + b"[" * (depth - 5) + b"]" * (depth - 5)
    ledger = count(run(("manifests.SWIFTPOST", text.replace(b'"quantity":2', deep))))
    assert ledger.closed, ledger
    assert ledger.dead_lettered == (0 if depth <= NESTING_MAX else 1)


@pytest.mark.parametrize(("over", "dead_lettered"), [(0, 0), (1, 1)])
def test_a_large_message_closes(over: int, dead_lettered: int) -> None:
    """Of one too large, whatever is in it, nothing is read: it counts as one parcel."""
    text = msgspec.json.encode(two())
    spaces = RECORD_BYTES_MAX - len(text) - len("SWIFTPOST/SP-0001") + over
    ledger = count(run(("manifests.SWIFTPOST", text + b" " * spaces)))
    assert ledger.closed, ledger
    assert (ledger.dead_lettered, ledger.announced) == (dead_lettered, 1 if dead_lettered else 2)
