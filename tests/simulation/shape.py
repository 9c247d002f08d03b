"""How large a schedule's installation is, and which limits it has."""

from random import Random
from typing import NamedTuple


class Shape(NamedTuple):
    """Drawn anew for each schedule."""

    workers: int
    partitions: int
    session_timeout_s: float
    transaction_timeout_s: float
    cycle_bytes_max: int
    records_max: int
    """How many records of a partition one fetch brings."""
    snapshot_s: float | None
    """How old a snapshot may become; None: no snapshots."""


def draw_shape(random: Random) -> Shape:
    """Small everything: few partitions collide often, small cycles end often."""
    return Shape(
        workers=random.choice((1, 2, 2, 2, 3)),
        partitions=random.randint(1, 4),
        session_timeout_s=random.choice((4.0, 6.0, 10.0)),
        transaction_timeout_s=random.choice((5.0, 12.0, 30.0)),
        cycle_bytes_max=random.choice((150, 1_000, 100_000)),
        records_max=random.choice((1, 3, 20)),
        snapshot_s=random.choice((None, None, 0.05, 0.5)),
    )
