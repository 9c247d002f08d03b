"""One cycle of work, without any broker: records in, outputs and changed memory out."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from pipeline.stream.changelog import changelog_outputs
from pipeline.stream.outbox import Outbox, Output
from pipeline.stream.records import Record, TopicPartition, within_limits
from pipeline.stream.report import RoomReport
from pipeline.stream.room import Encloser, Lapsing, Room, changelog_topic
from pipeline.stream.settings import STATE_ENTRIES_MAX
from pipeline.stream.state import KeyedState

log = logging.getLogger(__name__)

INTERNAL_ERROR = "internal_error"


class StateLimitError(Exception):
    """A memory has more entries than it may have: the worker stops before memory ends."""


class Workshop:
    """The rooms of a worker with the memories of the partitions it owns."""

    def __init__(
        self,
        rooms: Iterable[Room],
        partitions: Mapping[str, int],
        state_entries_max: int = STATE_ENTRIES_MAX,
    ) -> None:
        self.rooms = tuple(rooms)
        self._rooms_by_name = {room.name: room for room in self.rooms}
        self._rooms_by_changelog = {changelog_topic(room.name): room for room in self.rooms}
        self.room_of = {topic: room for room in self.rooms for topic in room.inputs}
        self.states: dict[tuple[str, int], KeyedState[Any]] = {}
        self.positions: dict[TopicPartition, int] = {}
        """Offset of the next record to be worked on, by source."""
        self._partitions = partitions
        self._state_entries_max = state_entries_max
        self._enclosers: dict[str, Encloser] = {}
        for room in self.rooms:
            self._enclosers.update(room.enclosers)

    def new_outbox(self) -> Outbox:
        """An empty outbox for one cycle."""
        return Outbox(self._partitions, self._enclosers)

    def forget(self) -> None:
        """Drop all memories and positions: the partitions may belong to another worker now."""
        self.states.clear()
        self.positions.clear()

    def work(self, record: Record, outbox: Outbox, report: RoomReport) -> None:
        """Work on a record; one that was worked on before is passed over.

        Records of one source must come in order.
        """
        source = TopicPartition(record.topic, record.partition)
        if record.offset < self.positions.get(source, 0):
            return
        self._work_on(record, outbox)
        self.positions[source] = record.offset + 1
        report.add(record)

    def _work_on(self, record: Record, outbox: Outbox) -> None:
        room = self.room_of[record.topic]
        state = self.state(room.name, record.partition)
        state.watermark_ms = max(state.watermark_ms, record.timestamp_ms)
        record = within_limits(record)
        if record.fault:
            outbox.dead_letter(record, *record.fault)
            return
        mark = outbox.mark()
        try:
            room.work(record, state, outbox)
        except Exception as error:
            log.exception(
                "%s could not work on %s-%d@%d; it goes to the dead letters",
                room.name,
                record.topic,
                record.partition,
                record.offset,
            )
            outbox.roll_back(mark)
            state.undo()
            outbox.dead_letter(record, INTERNAL_ERROR, f"{type(error).__name__}: {error}")
        state.accept()

    def state(self, room_name: str, partition: int) -> KeyedState[Any]:
        """The memory of a room for a partition, empty at first."""
        place = room_name, partition
        if place not in self.states:
            self.states[place] = KeyedState(self._rooms_by_name[room_name].state_type)
        return self.states[place]

    def positions_of(self, place: TopicPartition) -> dict[TopicPartition, int]:
        """Input positions that belong to the memory kept on a changelog partition."""
        sources = (
            TopicPartition(topic, place.partition)
            for topic in self._rooms_by_changelog[place.topic].inputs
        )
        return {source: self.positions[source] for source in sources if source in self.positions}

    def changelog(self, sources: Iterable[TopicPartition], outbox: Outbox) -> list[Output]:
        """Changelog records for the partitions that were worked on.

        Entries whose time has passed are forgotten first; what rooms say of that is in the outbox.

        Raises:
            StateLimitError: a memory has outgrown its limit.
        """
        touched = {(self.room_of[source.topic].name, source.partition) for source in sources}
        outputs: list[Output] = []
        for room_name, partition in sorted(touched):
            state = self.states[room_name, partition]
            room = self._rooms_by_name[room_name]
            place = TopicPartition(changelog_topic(room_name), partition)
            self._bound(place, state, _last_word(room, place, state, outbox))
            outputs += changelog_outputs(room, partition, state, self.positions)
        return outputs

    def check_limit(self, place: TopicPartition, state: KeyedState[Any]) -> None:
        """Stop before a memory takes what the machine has.

        Raises:
            StateLimitError: it holds more entries than it may.
        """
        if len(state) > self._state_entries_max:
            raise StateLimitError(
                f"the memory of room {self._rooms_by_changelog[place.topic].name}, partition "
                f"{place.partition}, has {len(state):,} entries; the limit is "
                f"{self._state_entries_max:,} (state_entries_max). Nothing is lost, input waits "
                "where it is. If so many are right, give the workers more memory, or start more "
                "of them, and raise the limit; if not, find out who sends so many different keys"
            )

    def _bound(
        self,
        place: TopicPartition,
        state: KeyedState[Any],
        last_word: Callable[[str, Any], int] | None,
    ) -> None:
        """Forget what has expired: a bounded number, and more only where the limit asks for it."""
        more = state.expire(last_word)
        while more and len(state) > self._state_entries_max:
            more = state.expire(last_word)
        self.check_limit(place, state)


def _last_word(
    room: Room, place: TopicPartition, state: KeyedState[Any], outbox: Outbox
) -> Callable[[str, Any], int] | None:
    """How a room hears of its expired entries; one it cannot work on becomes a dead letter."""
    if not isinstance(room, Lapsing):
        return None

    def last_word(key: str, value: Any) -> int:
        before, mark = len(outbox), outbox.mark()
        try:
            room.lapse(key, value, state, outbox)
        except Exception as error:
            log.exception("%s could not let %s lapse; it goes to the dead letters", room.name, key)
            outbox.roll_back(mark)
            state.undo()
            content = msgspec.msgpack.encode(value)
            entry = Record(*place, 0, state.watermark_ms, key.encode(), content, ())
            outbox.dead_letter(entry, INTERNAL_ERROR, f"{type(error).__name__}: {error}")
        return len(outbox) - before

    return last_word
