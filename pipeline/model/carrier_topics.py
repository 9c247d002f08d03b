"""Topics of single carriers: who stands behind a manifest is told by the topic it came on.

Kafka does not tell a reader who wrote a record. Where only one carrier may write to a topic, the
topic tells.
"""

from collections.abc import Iterable
from typing import Self

MANIFESTS = "manifests"
ACKNOWLEDGEMENTS = "acknowledgements"
CANCELLATIONS = "cancellations"
NOTICES = "notices"


def own_topic(topic: str, carrier: str) -> str:
    """Name of a carrier's own edition of a topic: `manifests.<carrier>`."""
    return f"{topic}.{carrier}"


def kind_of(topic: str) -> str:
    """What a topic holds, whoever's it is: `manifests` of `manifests.<carrier>`."""
    return topic.partition(".")[0]


def carrier_of(key: bytes) -> str:
    """The carrier that the Kafka key of a manifest names: `<carrier>/<manifest_id>`."""
    return key.partition(b"/")[0].decode(errors="replace")


class CarrierTopics:
    """Which carriers have topics of their own. All others share those without a name."""

    @classmethod
    def among(cls, topics: Iterable[str]) -> Self:
        """Those that have a topic for manifests among these."""
        parts = (topic.partition(".") for topic in topics)
        return cls(carrier for kind, _, carrier in parts if kind == MANIFESTS and carrier)

    def __init__(self, carriers: Iterable[str] = ()) -> None:
        self.carriers = frozenset(carriers)
        self._owners = {own_topic(MANIFESTS, carrier): carrier for carrier in self.carriers}
        self.manifests = (MANIFESTS, *sorted(self._owners))
        """All topics that carriers write manifests to."""
        self.acknowledgements = (
            ACKNOWLEDGEMENTS,
            *(own_topic(ACKNOWLEDGEMENTS, carrier) for carrier in sorted(self.carriers)),
        )
        """All topics on which they are answered."""
        self.cancellations = (
            CANCELLATIONS,
            *(own_topic(CANCELLATIONS, carrier) for carrier in sorted(self.carriers)),
        )
        """All topics on which they take parcels back."""
        self.notices = (
            NOTICES,
            *(own_topic(NOTICES, carrier) for carrier in sorted(self.carriers)),
        )
        """All topics on which notices about parcels stand."""

    def owner_of(self, topic: str) -> str | None:
        """The only carrier that may write to a topic; None if carriers share it."""
        return self._owners.get(topic)

    def acknowledgements_of(self, carrier: str) -> str:
        """The topic on which a carrier is answered."""
        return self._edition(ACKNOWLEDGEMENTS, carrier)

    def manifests_of(self, carrier: str) -> str:
        """The topic a carrier writes its manifests to."""
        return self._edition(MANIFESTS, carrier)

    def notices_to(self, carrier: str) -> tuple[str, ...]:
        """Where notices about a carrier's parcels go: to all who work on them, and to it."""
        if carrier in self.carriers:
            return NOTICES, own_topic(NOTICES, carrier)
        return (NOTICES,)

    def is_sender(self, carrier: str, topic: str) -> bool:
        """Whether a manifest or a cancellation of this carrier may stand on this topic.

        A carrier with topics of its own writes nowhere else: on a shared topic its name would be
        anybody's to use.
        """
        return topic in (self.manifests_of(carrier), self._edition(CANCELLATIONS, carrier))

    def _edition(self, topic: str, carrier: str) -> str:
        return own_topic(topic, carrier) if carrier in self.carriers else topic
