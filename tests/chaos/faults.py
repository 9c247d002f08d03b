"""The log of faults: each must be seen to have happened before a verdict counts."""

import time
from collections.abc import Callable


class Fault:
    """One fault that was injected."""

    def __init__(self, what: str, now_s: float, count: int) -> None:
        self.what = what
        self.count = count
        self.at_s = now_s
        self.over_at_s = now_s
        self.evidence = ""
        """How it was seen to have happened; empty: it was not."""

    def confirm(self, condition: object, evidence: str) -> None:
        """Say by what the fault was seen to have happened, if it was."""
        if condition:
            self.evidence = evidence

    def over(self) -> None:
        """The fault ends now: recovery is measured from here, not from its begin."""
        self.over_at_s = time.monotonic()


class FaultLog:
    """All faults of a run, in order."""

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        self.faults: list[Fault] = []
        self._tell = tell

    def inject(self, what: str, count: int = 1) -> Fault:
        """Note a fault that is injected now, or `count` of a kind; confirm it once it was seen."""
        self._tell(what)
        fault = Fault(what, time.monotonic(), count)
        self.faults.append(fault)
        return fault

    @property
    def confirmed(self) -> int:
        """Faults that were seen to have happened."""
        return sum(fault.count for fault in self.faults if fault.evidence)

    @property
    def unconfirmed(self) -> list[str]:
        """Faults nobody saw: the run proves nothing."""
        return [fault.what for fault in self.faults if not fault.evidence]

    @property
    def over_at_s(self) -> float | None:
        """When the last fault was over, on the monotonic clock; None without faults."""
        return max((fault.over_at_s for fault in self.faults), default=None)
