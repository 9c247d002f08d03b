"""What the oracle found: counts, and the first examples of everything that is wrong."""

from dataclasses import dataclass, field

EXAMPLES_MAX = 10


@dataclass
class Findings:
    """Counts in parcels, feedback messages or memory entries, each counted once where it is wrong.

    The first six have the ledger's definitions: announced = release + inspection + revenue +
    rejected + dead_lettered.
    """

    announced: int = 0
    release: int = 0
    inspection: int = 0
    revenue: int = 0
    rejected: int = 0
    dead_lettered: int = 0

    repeated_messages: int = 0
    """Manifest messages answered as repeats."""
    refused_messages: int = 0
    """Manifest messages refused as a whole."""
    refused_late: int = 0
    """Parcels that `decide` refused: announced before by another manifest, or amended too late."""

    lost: int = 0
    """Announced or acknowledged, without an end."""
    doubled: int = 0
    """Ends beyond the one that is due."""
    contradictory: int = 0
    """Ends of one parcel version, or records of one event, that say different things."""
    out_of_order: int = 0
    """Events or answers that stand before those they follow."""
    torn: int = 0
    """Outputs without their memory or position, or the other way round."""
    examples: dict[str, list[str]] = field(default_factory=dict)
    """The first few of each kind, in words."""

    def add(self, kind: str, count: int, example: str) -> None:
        """Count something wrong; `kind` is one of the five names above."""
        setattr(self, kind, getattr(self, kind) + count)
        examples = self.examples.setdefault(kind, [])
        if len(examples) < EXAMPLES_MAX:
            examples.append(example)

    @property
    def difference(self) -> int:
        """Announced parcels without an end, as the ledger computes it."""
        ended = self.release + self.inspection + self.revenue + self.rejected + self.dead_lettered
        return self.announced - ended

    @property
    def words(self) -> list[str]:
        """Everything wrong, for people."""
        return [
            f"{kind.replace('_', ' ')} ({getattr(self, kind)}): {'; '.join(examples)}"
            for kind, examples in self.examples.items()
        ]
