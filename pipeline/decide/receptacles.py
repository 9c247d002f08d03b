"""What is known of receptacles: the parcels that were linked to each, and by what it travels.

Who files the flight of a receptacle knows nothing of the items in it, so their case is found here.
"""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pipeline.decide.state import UNDECIDED_KEPT_MS, Memory
from pipeline.model import Conveyance

RECEPTACLE = "^"
"""Keys of receptacles begin with it, as no carrier's id does, so no key of a case."""
CASES_MAX = 5_000
"""Parcels of one receptacle in one partition; a bag holds some hundreds in all."""


class Receptacle(Struct, frozen=True, array_like=True):
    """One receptacle, as far as parcels of one partition are in it."""

    cases: tuple[str, ...] = ()
    conveyance: Conveyance | None = None
    filing_id: str = ""
    """Of the conveyance."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Receptacle).decode


class Receptacles:
    """Receptacles that one envelope speaks of: read once, and written once at its end."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._known: dict[str, Receptacle] = {}
        self._changed: set[str] = set()

    def of(self, receptacle_id: str) -> Receptacle:
        """What is known of a receptacle."""
        if receptacle_id not in self._known:
            kept = self._memory.get(RECEPTACLE + receptacle_id)
            self._known[receptacle_id] = _decode(kept) if isinstance(kept, bytes) else Receptacle()
        return self._known[receptacle_id]

    def link(self, receptacle_id: str, case_key: str) -> bool:
        """A parcel is in it; False: there are too many in it."""
        before = self.of(receptacle_id)
        if case_key in before.cases:
            return True
        if len(before.cases) >= CASES_MAX:
            return False
        self._change(receptacle_id, replace(before, cases=(*before.cases, case_key)))
        return True

    def carry(self, receptacle_id: str, conveyance: Conveyance | None, filing_id: str) -> None:
        """It travels by this."""
        before = self.of(receptacle_id)
        self._change(receptacle_id, replace(before, conveyance=conveyance, filing_id=filing_id))

    def keep(self, now_ms: int) -> None:
        """Remember what has changed."""
        for receptacle_id in self._changed:
            value = _encode(self._known[receptacle_id])
            expires_at_ms = now_ms + UNDECIDED_KEPT_MS
            self._memory.put(RECEPTACLE + receptacle_id, value, expires_at_ms=expires_at_ms)

    def _change(self, receptacle_id: str, after: Receptacle) -> None:
        self._known[receptacle_id] = after
        self._changed.add(receptacle_id)
