"""The declaration of each topic: one YAML file of the folder `topics/`.

A name that ends in `{carrier}` declares the topics of single carriers, all alike.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from pipeline.errors import GreenlaneError
from pipeline.rulebook.files import read_yaml

CARRIER = "{carrier}"
_FOLDERS = (
    Path(__file__).parents[1] / "topics",  # an installed wheel
    Path(__file__).parents[2] / "topics",  # a checkout
)


class TopicDeclaration(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a topic is for and how it is kept."""

    name: str
    title: str
    description: str
    key: str
    partitions: Annotated[int, Meta(ge=1)]
    cleanup_policy: Literal["delete", "compact"]
    retention_ms: int | None = None
    delete_retention_ms: int | None = None
    """Of a compacted topic: how long it tells at least that a key was deleted."""
    timestamp_type: Literal["CreateTime", "LogAppendTime"]
    message_bytes_max: int
    public: bool
    payload: str = ""
    owner: str
    readers: list[str]
    personal_data: str
    cloud_events: bool = False
    headers: list[str] = []

    @property
    def by_carrier(self) -> bool:
        """Whether this declares topics of single carriers."""
        return CARRIER in self.name

    def of(self, carrier: str) -> "TopicDeclaration":
        """The topic of one carrier."""
        return replace(
            self,
            name=self.name.replace(CARRIER, carrier),
            owner=self.owner.replace(CARRIER, carrier),
            readers=[reader.replace(CARRIER, carrier) for reader in self.readers],
        )

    def configuration(self) -> dict[str, str]:
        """Kafka's topic configuration."""
        values = {
            "cleanup.policy": self.cleanup_policy,
            "message.timestamp.type": self.timestamp_type,
            "max.message.bytes": str(self.message_bytes_max),
        }
        if self.retention_ms is not None:
            values["retention.ms"] = str(self.retention_ms)
        if self.delete_retention_ms is not None:
            values["delete.retention.ms"] = str(self.delete_retention_ms)
        return values


def topics_folder() -> Path:
    """The folder `topics/` of a checkout or of an installation."""
    for folder in _FOLDERS:
        if folder.is_dir():
            return folder
    raise GreenlaneError(f"no topic declarations: looked in {', '.join(map(str, _FOLDERS))}")


def declarations(carriers_apart: Iterable[str] = ()) -> tuple[TopicDeclaration, ...]:
    """All topics of an installation, public ones first, then by name; those of carriers last.

    Args:
        carriers_apart: ids of carriers that have topics of their own.

    Raises:
        RuleBookError: a file breaks the format; names it.
    """
    declared = declared_topics()
    return (
        *(topic for topic in declared if not topic.by_carrier),
        *(topic.of(c) for c in sorted(carriers_apart) for topic in declared if topic.by_carrier),
    )


@cache
def declared_topics() -> tuple[TopicDeclaration, ...]:
    """The declarations as they stand in their files, `{carrier}` in the names of some.

    Raises:
        RuleBookError: a file breaks the format; names it.
    """
    skipped = {"asyncapi.yaml"}
    files = sorted(path for path in topics_folder().glob("*.yaml") if path.name not in skipped)
    found = [read_yaml(path, TopicDeclaration) for path in files]
    return tuple(sorted(found, key=lambda topic: (not topic.public, topic.name)))
