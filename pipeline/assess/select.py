"""Selection for inspection: mandatory profiles, score, and a random share."""

from collections.abc import Sequence
from hashlib import blake2b

from pipeline.model import RuleHit, SelectedBy

MILLION = 1_000_000


def select(
    *, hits: Sequence[RuleHit], score: int, score_min: int, drawn_at_random: bool
) -> list[SelectedBy]:
    """All reasons to inspect, the strongest first; none: no inspection."""
    reasons = []
    if any(hit.mandatory for hit in hits):
        reasons.append(SelectedBy.MANDATORY)
    if score >= score_min:
        reasons.append(SelectedBy.SCORE)
    if drawn_at_random:
        reasons.append(SelectedBy.RANDOM)
    return reasons


def drawn(*, salt: bytes, case_key: str, legal_date: str, per_million: int) -> bool:
    """Whether a parcel is drawn at random: foreseeable only with the secret salt.

    A pure function, so a replay draws the same parcels.
    """
    digest = blake2b(f"{case_key}|{legal_date}".encode(), key=salt, digest_size=8).digest()
    return int.from_bytes(digest, "big") % MILLION < per_million
