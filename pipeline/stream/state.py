"""The keyed memory of one room and partition: a dictionary that knows what changed."""

from typing import Generic, NamedTuple, TypeVar

import msgspec

V = TypeVar("V")

ENTRY_BYTES_MAX = 900_000

EXPIRY_BUCKET_MS = 3_600_000
EXPIRED_PER_CYCLE_MAX = 2_000


class Entry(NamedTuple, Generic[V]):
    """A value and when it may be forgotten (event time, Unix milliseconds; None: never)."""

    value: V
    expires_at_ms: int | None


class Change(NamedTuple):
    """What the changelog has to hold of a key: its entry encoded, or None when it is forgotten."""

    key: bytes
    entry: bytes | None


_encode = msgspec.msgpack.Encoder().encode


class KeyedState(Generic[V]):
    """Values by key. Values are immutable: replace them, never change them in place.

    Changes since the last `take_changes` are remembered for the changelog; changes since the last
    `accept` can be undone.
    """

    def __init__(self) -> None:
        self._entries: dict[str, Entry[V]] = {}
        self._expiring: dict[int, set[str]] = {}
        self._dirty: dict[bytes, bytes | None] = {}
        self._undo: dict[str, Entry[V] | None] = {}
        self.watermark_ms = 0
        """Highest record timestamp seen: the event time of this partition."""

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> V | None:
        """The value of a key, or None."""
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    def put(self, key: str, value: V, *, expires_at_ms: int | None = None) -> None:
        """Set a key's value.

        Raises:
            ValueError, OverflowError, TypeError: the changelog cannot hold the key or the value.
                Better now, while the record that brings it can be told, than with the commit.
        """
        encoded_key, encoded = key.encode(), _encode((expires_at_ms, value))
        if len(encoded) > ENTRY_BYTES_MAX:
            raise ValueError(f"{len(encoded)} bytes are too many for one entry: {key}")
        self._remember(key)
        self._set(key, Entry(value, expires_at_ms))
        self._dirty[encoded_key] = encoded

    def delete(self, key: str) -> None:
        """Forget a key."""
        encoded_key = key.encode()
        self._remember(key)
        self._entries.pop(key, None)
        self._dirty[encoded_key] = None

    def load(self, key: str, entry: Entry[V] | None) -> None:
        """Set or forget a key as its changelog says: no change, nothing to undo."""
        if entry is None:
            self._entries.pop(key, None)
        else:
            self._set(key, entry)

    def accept(self) -> None:
        """Keep the changes since the last call: they can no longer be undone."""
        self._undo.clear()

    def undo(self) -> None:
        """Take back the changes since the last `accept`."""
        for key, entry in self._undo.items():
            self.load(key, entry)
            self._dirty[key.encode()] = (
                None if entry is None else _encode((entry.expires_at_ms, entry.value))
            )
        self._undo.clear()

    def expire(self) -> None:
        """Forget entries whose time has passed, a bounded number at a time."""
        now = self.watermark_ms
        budget = EXPIRED_PER_CYCLE_MAX
        for bucket in sorted(b for b in self._expiring if (b + 1) * EXPIRY_BUCKET_MS <= now):
            keys = self._expiring[bucket]
            while keys and budget:
                key = keys.pop()
                entry = self._entries.get(key)
                budget -= 1
                if entry and entry.expires_at_ms is not None and entry.expires_at_ms <= now:
                    self.delete(key)
            if not keys:
                del self._expiring[bucket]
        self.accept()

    def take_changes(self) -> list[Change]:
        """What changed since the last call, each key once."""
        changes = [Change(key, entry) for key, entry in self._dirty.items()]
        self._dirty.clear()
        return changes

    def _remember(self, key: str) -> None:
        if key not in self._undo:
            self._undo[key] = self._entries.get(key)

    def _set(self, key: str, entry: Entry[V]) -> None:
        self._entries[key] = entry
        if entry.expires_at_ms is not None:
            bucket = entry.expires_at_ms // EXPIRY_BUCKET_MS
            self._expiring.setdefault(bucket, set()).add(key)
