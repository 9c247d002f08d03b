"""A memory in a file: its format, written whole or not at all, read piece by piece.

The file begins with its format; then come frames, each with its length and a checksum that runs
on from frame to frame: the header, then the entries in pieces.
"""

import os
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BufferedReader, BufferedWriter
from pathlib import Path
from zlib import crc32

import msgspec

FORMAT = b"keyed-state snapshot 1\n"
PIECE_ENTRIES_MAX = 2_000
PIECE_BYTES_MAX = 1_000_000

_FRAME = struct.Struct(">II")
_encode = msgspec.msgpack.Encoder().encode
_decode_entries = msgspec.msgpack.Decoder(dict[bytes, bytes]).decode


class DamagedError(Exception):
    """The file is not as it was written."""


class OtherFormatError(Exception):
    """The file is of another format, or no snapshot."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot is of, and where in its changelog it stands."""

    application_id: str
    topic: str
    """Full name of the changelog topic."""
    topic_id: str
    partition: int
    next_offset: int
    """Offset of the first changelog record that is not in it."""
    positions: dict[str, int]
    """Next offset to be worked on, by logical name of the input topic."""
    watermark_ms: int
    as_of_ms: int
    entries: int


_decode_header = msgspec.msgpack.Decoder(Header).decode


def write_snapshot(
    path: Path,
    header: Header,
    entries: Mapping[bytes, bytes],
    *,
    temporary: Path,
    between_pieces: Callable[[], None],
) -> None:
    """Write a snapshot, or leave the one that is there: a temporary file takes its place.

    Raises:
        OSError: as the file system does; the temporary file is removed.
        Exception: as `between_pieces` does; likewise.
    """
    try:
        with _private(temporary) as file:
            file.write(FORMAT)
            checksum = 0
            for payload in _payloads(header, entries):
                checksum = crc32(payload, checksum)
                file.write(_FRAME.pack(len(payload), checksum))
                file.write(payload)
                between_pieces()
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def open_snapshot(path: Path) -> Iterator[tuple[Header, Iterator[dict[bytes, bytes]]]]:
    """The header of a snapshot, and its entries in pieces.

    Raises:
        DamagedError: it is not as it was written; so do the pieces, where they come to it.
        OtherFormatError: it is of another format.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if file.read(len(FORMAT)) != FORMAT:
            raise OtherFormatError("it does not begin as a snapshot of this format does")
        payloads = _read_payloads(file, path.stat().st_size)
        first = next(payloads, None)
        if first is None:
            raise DamagedError("it ends before its header")
        header = _decode_header(first)
        yield header, _read_entries(payloads, header.entries)


@contextmanager
def _private(path: Path) -> Iterator[BufferedWriter]:
    """A new file that only its owner may read: memories may hold personal data."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _payloads(header: Header, entries: Mapping[bytes, bytes]) -> Iterator[bytes]:
    yield _encode(header)
    piece: dict[bytes, bytes] = {}
    size_bytes = 0
    for key, entry in entries.items():
        piece[key] = entry
        size_bytes += len(entry)
        if len(piece) == PIECE_ENTRIES_MAX or size_bytes > PIECE_BYTES_MAX:
            yield _encode(piece)
            piece, size_bytes = {}, 0
    if piece:
        yield _encode(piece)


def _read_payloads(file: BufferedReader, size_bytes: int) -> Iterator[bytes]:
    checksum = 0
    while start := file.read(_FRAME.size):
        if len(start) < _FRAME.size:
            raise DamagedError("it ends within a frame")
        length, expected = _FRAME.unpack(start)
        if length > size_bytes - file.tell():
            raise DamagedError("it ends within a frame, or the length of one is wrong")
        payload = file.read(length)
        checksum = crc32(payload, checksum)
        if checksum != expected:
            raise DamagedError("a checksum is wrong")
        yield payload


def _read_entries(payloads: Iterator[bytes], expected: int) -> Iterator[dict[bytes, bytes]]:
    count = 0
    for payload in payloads:
        piece = _decode_entries(payload)
        count += len(piece)
        yield piece
    if count != expected:
        raise DamagedError(f"it holds {count} entries and should hold {expected}")
