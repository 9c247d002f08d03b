"""The folder of a worker's snapshots: one file for each room and partition."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import msgspec

from pipeline.stream.changelog import ChangelogReader, MemoryCopy
from pipeline.stream.records import TopicPartition
from pipeline.stream.room import Room, changelog_topic
from pipeline.stream.settings import StreamSettings
from pipeline.stream.snapshot_file import (
    DamagedError,
    Header,
    OtherFormatError,
    open_snapshot,
    write_snapshot,
)
from pipeline.stream.state import UnreadableStateError

log = logging.getLogger(__name__)

AGE_MAX_S = 12 * 3_600
"""A quarter of the 48 hours for which declared changelogs keep tombstones (`delete.retention.ms`):
with an older snapshot, entries deleted since could come back. The rest is for clocks that were set
back meanwhile, by a day and more."""
CLEARED_MAX = 1_000
"""Files looked at when the folder is cleared."""
SNAPSHOT, PART = ".snapshot", ".part"
_OWN_NAME = re.compile(r".+-changelog-\d+\.snapshot(\..+\.part)?")


class Unusable(StrEnum):
    """Why a snapshot is passed over."""

    DAMAGED = "damaged"
    FORMAT = "format"
    FOREIGN = "foreign"
    AHEAD = "ahead"
    TOO_OLD = "too_old"
    UNREADABLE = "unreadable"


class UnusableSnapshotError(Exception):
    """A snapshot that must be passed over; the changelog is read from its beginning instead."""

    def __init__(self, reason: Unusable, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class SnapshotFolder:
    """Writes memories into files and reads them back, if they may still be used.

    Workers of an installation may share it: a snapshot is right whoever wrote it, because the
    changelog is read on from its offset.
    """

    def __init__(
        self,
        settings: StreamSettings,
        topic_ids: Mapping[str, str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = Path(settings.snapshot_dir)
        self._settings = settings
        self._topic_ids = topic_ids
        self._clock = clock

    def path(self, place: TopicPartition) -> Path:
        """The file of a room and partition."""
        application = quote(self._settings.application_id, safe="")
        return self._folder / f"{application}.{place.topic}-{place.partition}{SNAPSHOT}"

    def write(self, memory: MemoryCopy, between_pieces: Callable[[], None]) -> None:
        """Write a memory down, in place of its last snapshot.

        Raises:
            OSError: it cannot be written; the last snapshot stays.
        """
        place = memory.place
        header = Header(
            application_id=self._settings.application_id,
            topic=self._settings.topic_prefix + place.topic,
            topic_id=self._topic_ids[place.topic],
            partition=place.partition,
            next_offset=memory.next_offset,
            positions=dict(memory.positions),
            watermark_ms=memory.watermark_ms,
            as_of_ms=int(memory.as_of_s * 1000),
            entries=len(memory.entries),
        )
        path = self.path(place)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{quote(self._settings.worker_id, safe='')}{PART}")
        write_snapshot(
            path, header, memory.entries, temporary=temporary, between_pieces=between_pieces
        )

    def read(self, room: Room, partition: int, end_offset: int) -> ChangelogReader | None:
        """A memory as its snapshot has it; None if there is no snapshot.

        Raises:
            UnusableSnapshotError: there is one, but it must not be used; says why.
        """
        place = TopicPartition(changelog_topic(room.name), partition)
        try:
            with open_snapshot(self.path(place)) as (header, pieces):
                self._check(header, place, end_offset)
                reader = ChangelogReader(room, partition)
                reader.begin_with(pieces, header.positions, header.watermark_ms)
                reader.next_offset = reader.snapshot_offset = header.next_offset
        except FileNotFoundError:
            return None
        except (DamagedError, OSError) as error:
            raise self._unusable(place, Unusable.DAMAGED, str(error)) from error
        except (OtherFormatError, msgspec.DecodeError) as error:
            raise self._unusable(place, Unusable.FORMAT, str(error)) from error
        except UnreadableStateError as error:
            raise self._unusable(place, Unusable.UNREADABLE, str(error)) from error
        return reader

    def _unusable(self, place: TopicPartition, reason: Unusable, why: str) -> UnusableSnapshotError:
        text = f"the snapshot {self.path(place)} is passed over ({reason}): {why}"
        return UnusableSnapshotError(reason, text)

    def _check(self, header: Header, place: TopicPartition, end_offset: int) -> None:
        found = (header.application_id, header.topic, header.partition, header.topic_id)
        wanted = (
            self._settings.application_id,
            self._settings.topic_prefix + place.topic,
            place.partition,
            self._topic_ids[place.topic],
        )
        if found != wanted:
            text = f"it is of {found}, not of {wanted}: the changelog was created anew, or another"
            raise self._unusable(place, Unusable.FOREIGN, text)
        if header.next_offset > end_offset:
            text = f"it stands at {header.next_offset}, but the changelog ends at {end_offset}"
            raise self._unusable(place, Unusable.AHEAD, text)
        age_s = self._clock() - header.as_of_ms / 1000
        if abs(age_s) > AGE_MAX_S:
            text = f"it is {age_s / 3600:.1f} hours old, more than {AGE_MAX_S / 3600:.0f}"
            raise self._unusable(place, Unusable.TOO_OLD, text)

    def clear(self) -> None:
        """Remove files that are too old for anybody to use, also those of other partitions.

        Raises:
            OSError: the folder or a file in it cannot be read or removed.
        """
        if not self._folder.is_dir():
            return
        for path in islice(self._folder.iterdir(), CLEARED_MAX):
            if _OWN_NAME.fullmatch(path.name):
                self._remove_if_old(path)

    def _remove_if_old(self, path: Path) -> None:
        try:
            if self._clock() - path.stat().st_mtime > AGE_MAX_S:
                path.unlink()
                log.info("removed %s: too old to be used", path)
        except FileNotFoundError:
            return  # another worker was faster
