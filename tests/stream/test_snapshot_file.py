"""The file of a snapshot: whole or not there, and every damage is noticed."""

import stat
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.stream import snapshot_file
from pipeline.stream.snapshot_file import (
    FORMAT,
    DamagedError,
    Header,
    OtherFormatError,
    open_snapshot,
    write_snapshot,
)

ENTRIES = {b"s%d" % number: b"entry %d" % number for number in range(10)}
IN_ONE_FOLDER = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200
)


def nothing() -> None:
    """Do nothing between pieces."""


def write(path: Path, entries: dict[bytes, bytes], between_pieces=nothing) -> Header:
    header = Header(
        application_id="app",
        topic="t.count-changelog",
        topic_id="id",
        partition=3,
        next_offset=17,
        positions={"words": 5},
        watermark_ms=1_700_000_000_000,
        as_of_ms=1_700_000_000_001,
        entries=len(entries),
    )
    write_snapshot(
        path, header, entries, temporary=path.with_suffix(".part"), between_pieces=between_pieces
    )
    return header


def read(path: Path) -> tuple[Header, dict[bytes, bytes]]:
    with open_snapshot(path) as (header, pieces):
        return header, {key: entry for piece in pieces for key, entry in piece.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "count-3.snapshot"


@IN_ONE_FOLDER
@given(entries=st.dictionaries(st.binary(), st.binary(max_size=200)))
def test_what_was_written_is_read(path: Path, entries: dict[bytes, bytes]):
    header = write(path, entries)
    assert read(path) == (header, entries)


@pytest.mark.parametrize("limit", ["PIECE_ENTRIES_MAX", "PIECE_BYTES_MAX"])
def test_it_is_written_in_pieces(path: Path, monkeypatch: pytest.MonkeyPatch, limit: str):
    monkeypatch.setattr(snapshot_file, limit, 3)
    pieces: list[None] = []
    write(path, ENTRIES, lambda: pieces.append(None))
    assert len(pieces) >= 4
    assert read(path)[1] == ENTRIES


@IN_ONE_FOLDER
@given(data=st.data())
def test_a_changed_byte_is_noticed(path: Path, data: st.DataObject):
    write(path, ENTRIES)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises((DamagedError, OtherFormatError)):
        read(path)


@IN_ONE_FOLDER
@given(data=st.data())
def test_a_missing_end_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject):
    """Also where it is cut between two frames."""
    monkeypatch.setattr(snapshot_file, "PIECE_ENTRIES_MAX", 3)
    write(path, ENTRIES)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises((DamagedError, OtherFormatError)):
        read(path)


def frames(content: bytes) -> list[bytes]:
    """The frames after the format."""
    found, start = [], len(FORMAT)
    while start < len(content):
        length, _ = struct.unpack_from(">II", content, start)
        found.append(content[start : start + 8 + length])
        start += 8 + length
    return found


@pytest.mark.parametrize("order", [(0, 2), (0, 2, 1), (0, 1, 1, 2)])
def test_pieces_left_out_changed_over_or_repeated_are_noticed(
    path: Path, monkeypatch: pytest.MonkeyPatch, order: Sequence[int]
):
    monkeypatch.setattr(snapshot_file, "PIECE_ENTRIES_MAX", 5)
    write(path, ENTRIES)
    parts = frames(path.read_bytes())
    assert len(parts) == 3
    path.write_bytes(FORMAT + b"".join(parts[number] for number in order))
    with pytest.raises(DamagedError):
        read(path)


def test_a_file_of_another_format_is_told_from_a_damaged_one(path: Path):
    write(path, ENTRIES)
    path.write_bytes(path.read_bytes().replace(b"snapshot 1", b"snapshot 2"))
    with pytest.raises(OtherFormatError):
        read(path)


def test_only_its_owner_may_read_it(path: Path):
    """Memories may hold personal data."""
    write(path, ENTRIES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_ends_in_the_middle_leaves_the_last_snapshot_and_no_other_file(path: Path):
    header = write(path, ENTRIES)

    def fail() -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        write(path, {}, fail)
    assert read(path) == (header, ENTRIES)
    assert list(path.parent.iterdir()) == [path]
