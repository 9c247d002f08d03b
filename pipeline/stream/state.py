"""The keyed memory of one room and partition: encoded entries, and what changed of them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

V = TypeVar("V")

STATE = b"s"
"""Keys begin with it, so that memory, changelog and snapshots share keys as they share entries."""
ENTRY_BYTES_MAX = 900_000

EXPIRY_BUCKET_MS = 3_600_000
EXPIRED_PER_CYCLE_MAX = 2_000

_ARRAY_32 = b"\xdd"
_encode = msgspec.msgpack.Encoder().encode
_decode_expiry = msgspec.msgpack.Decoder(tuple[int | None, msgspec.Raw]).decode


class UnreadableStateError(Exception):
    """An entry is not of the type its room has now: another version wrote it."""


class Change(NamedTuple):
    """What the changelog has to hold of a key: its entry encoded, or None when it is forgotten."""

    key: bytes
    entry: bytes | None


class KeyedState(Generic[V]):
    """Values by key. Changing a value that was got changes nothing here: put it again.

    Entries are kept as the changelog holds them, msgpack of (expiry, value), and decoded when they
    are got. That takes a third of the memory of decoded values, leaves the garbage collector
    nothing to search, and a value is the same before and after a restart. An expiry is event time,
    Unix milliseconds, or None: never.

    Changes since the last `take_changes` are remembered for the changelog; changes since the last
    `accept` can be undone.
    """

    def __init__(self, value_type: Any = Any) -> None:
        entry_type: Any = tuple.__class_getitem__((int | None, value_type))
        self._decode = msgspec.msgpack.Decoder(entry_type).decode
        self._decode_all = msgspec.msgpack.Decoder(list.__class_getitem__(entry_type)).decode
        self._entries: dict[bytes, bytes] = {}
        self._expiring: defaultdict[int, set[bytes]] = defaultdict(set)
        self._dirty: dict[bytes, None] = {}
        self._undo: dict[bytes, bytes | None] = {}
        self.watermark_ms = 0
        """Highest record timestamp seen: the event time of this partition."""

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> V | None:
        """The value of a key, or None if there is none or its time has passed."""
        encoded = self._entries.get(STATE + key.encode())
        if encoded is None:
            return None
        expires_at_ms, value = self._decode(encoded)
        expired = expires_at_ms is not None and expires_at_ms <= self.watermark_ms
        return None if expired else value

    def put(self, key: str, value: V, *, expires_at_ms: int | None = None) -> None:
        """Set a key's value.

        Raises:
            ValueError, OverflowError, TypeError: the changelog cannot hold the key or the value.
                Better now, while the record that brings it can be told, than with the commit.
        """
        encoded_key, encoded = STATE + key.encode(), _encode((expires_at_ms, value))
        if len(encoded) > ENTRY_BYTES_MAX:
            raise ValueError(f"{len(encoded)} bytes are too many for one entry: {key}")
        self._remember(encoded_key)
        self._entries[encoded_key] = encoded
        if expires_at_ms is not None:
            self._expiring[expires_at_ms // EXPIRY_BUCKET_MS].add(encoded_key)

    def delete(self, key: str) -> None:
        """Forget a key."""
        encoded_key = STATE + key.encode()
        self._remember(encoded_key)
        self._entries.pop(encoded_key, None)

    def load(self, entries: Mapping[bytes, bytes]) -> None:
        """Take in entries as they are written down: no change, nothing to undo.

        Raises:
            UnreadableStateError: one is not of the value's type.
        """
        for key, (expires_at_ms, _) in zip(entries, self._readable(entries), strict=True):
            if expires_at_ms is not None:
                self._expiring[expires_at_ms // EXPIRY_BUCKET_MS].add(key)
        self._entries.update(entries)

    def drop(self, key: bytes) -> None:
        """Forget a key as it is written down: no change, nothing to undo."""
        self._entries.pop(key, None)

    def entries(self) -> dict[bytes, bytes]:
        """A copy of all entries, for `load`."""
        return self._entries.copy()

    def accept(self) -> None:
        """Keep the changes since the last call: they can no longer be undone."""
        self._undo.clear()

    def undo(self) -> None:
        """Take back the changes since the last `accept`."""
        for key, encoded in self._undo.items():
            if encoded is None:
                self._entries.pop(key, None)
            else:
                self._entries[key] = encoded
        self._undo.clear()

    def expire(self, last_word: Callable[[str, V], int] | None = None) -> bool:
        """Forget entries whose time has passed, a bounded number; whether more may be left.

        Args:
            last_word: hears of each entry that was forgotten, by key and value, may change this
                memory, and returns how much it said: that counts towards the bound.
        """
        budget = EXPIRED_PER_CYCLE_MAX
        now = self.watermark_ms
        for bucket in sorted(b for b in self._expiring if (b + 1) * EXPIRY_BUCKET_MS <= now):
            keys = self._expiring[bucket]
            while keys and budget > 0:
                budget -= 1 + self._expire(keys.pop(), last_word)
            if not keys:
                del self._expiring[bucket]
        self.accept()
        return budget <= 0

    def take_changes(self) -> list[Change]:
        """What changed since the last call, each key once."""
        changes = [Change(key, self._entries.get(key)) for key in self._dirty]
        self._dirty.clear()
        return changes

    def _remember(self, key: bytes) -> None:
        self._dirty[key] = None
        if key not in self._undo:
            self._undo[key] = self._entries.get(key)

    def _expire(self, key: bytes, last_word: Callable[[str, V], int] | None) -> int:
        encoded = self._entries.get(key)
        if encoded is None:
            return 0
        expires_at_ms, _ = _decode_expiry(encoded)  # the entry may have been renewed since
        if expires_at_ms is None or expires_at_ms > self.watermark_ms:
            return 0
        self._remember(key)
        del self._entries[key]
        if last_word is None:
            return 0
        self.accept()
        said = last_word(key[len(STATE) :].decode(), self._decode(encoded)[1])
        self.accept()
        return said

    def _readable(self, entries: Mapping[bytes, bytes]) -> Collection[tuple[int | None, V]]:
        """All entries decoded in one call, which takes a third of the time."""
        array = _ARRAY_32 + len(entries).to_bytes(4, "big") + b"".join(entries.values())
        try:
            decoded: list[tuple[int | None, V]] = self._decode_all(array)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            key = next(key for key, encoded in entries.items() if not self._is_readable(encoded))
            raise UnreadableStateError(f"{key[1:]!r}: {error}") from error
        return decoded

    def _is_readable(self, encoded: bytes) -> bool:
        try:
            self._decode(encoded)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        return True
