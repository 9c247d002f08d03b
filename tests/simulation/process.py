"""Simulated processes: killed, frozen, cut off from the network."""

from tests.simulation.loop import SimulatedLoop


class Process:
    """One run of a program, with its threads."""

    def __init__(self, loop: SimulatedLoop, name: str, *threads: str) -> None:
        self.name = name
        self.lanes = {thread: loop.new_lane(f"{name}.{thread}") for thread in threads}
        self.alive = True
        self.cut_off_until_s = 0.0
        """Until then, nothing it sends arrives, and nothing arrives at it."""
        self._loop = loop

    @property
    def frozen(self) -> bool:
        """Whether any of its threads is held."""
        return any(lane.held for lane in self.lanes.values())

    @property
    def cut_off(self) -> bool:
        """Whether the network is cut between it and the broker."""
        return self._loop.time() < self.cut_off_until_s

    def kill(self) -> None:
        """End it at once and for ever; requests under way still arrive."""
        self.alive = False
        for lane in self.lanes.values():
            self._loop.drop(lane)

    def freeze(self, *threads: str) -> None:
        """Hold all its threads (SIGSTOP), or some (a call that blocks)."""
        for thread in threads or self.lanes:
            self._loop.hold(self.lanes[thread])

    def thaw(self) -> None:
        """Let it go on."""
        for lane in self.lanes.values():
            self._loop.release(lane)
