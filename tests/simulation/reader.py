"""How recovery reads the simulated broker: the engine's `LogReader`."""

from collections.abc import AsyncIterator, Collection, Mapping

from pipeline.stream.log import Piece
from pipeline.stream.records import TopicPartition
from tests.simulation.broker.broker import Fetch
from tests.simulation.process import Process
from tests.simulation.surroundings import Surroundings

READ_WAIT_S = 0.5
READ_RECORDS_MAX = 500


class SimulatedReader:
    """See `LogReader`."""

    def __init__(self, surroundings: Surroundings, process: Process) -> None:
        self._broker = surroundings.broker
        self._network = surroundings.network
        self._process = process

    async def held(self, places: Collection[TopicPartition]) -> Mapping[TopicPartition, range]:
        """The offsets each partition holds at present."""
        return await self._network.call(
            self._process, "list_offsets", lambda: self._broker.ranges(places)
        )

    async def read_to_end(self, starts: Mapping[TopicPartition, int]) -> AsyncIterator[Piece]:
        """Records from an offset to the end, open transactions waited for."""
        positions = dict(starts)
        ends = {place: held.stop for place, held in (await self._high_watermarks(starts)).items()}
        while True:
            left = {place: at for place, at in positions.items() if at < ends[place]}
            if not left:
                return
            request = Fetch(left, True, READ_RECORDS_MAX, READ_WAIT_S)
            found = await self._network.call(
                self._process, "read", lambda request=request: self._broker.fetch(request)
            )
            for place, visible in found.items():
                positions[place] = visible.next_offset
                ends[place] = visible.high_watermark
                pairs = [(entry.key, entry.value) for entry in visible.records]
                yield Piece(place, pairs, visible.next_offset)

    async def _high_watermarks(
        self, places: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, range]:
        logs = self._broker.logs
        return await self._network.call(
            self._process, "read", lambda: {place: range(logs[place].end) for place in places}
        )
