"""What the tests need of an installation of the counting rooms, on Kafka or simulated."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

EXIT_FAILED = 70


class Worker(Protocol):
    """One run of a worker."""

    async def until_restored(self, partitions: int) -> None:
        """Wait until it has restored the memories of so many partitions."""

    async def until_frozen(self) -> None:
        """Wait until it stands still where it was told to."""

    def wake(self) -> None:
        """Let it go on."""

    def kill(self) -> None:
        """End it at once."""

    async def stop(self) -> int:
        """Stop it as a supervisor does; its exit status."""

    async def exit_status(self) -> int:
        """Exit status, once it has ended."""


class Installation(ABC):
    """Topics and workers of one test."""

    @abstractmethod
    def start_worker(self, worker_id: str = "w1", *options: str) -> Worker:
        """Start a worker. Options: freeze in its first `work`, or before its first `commit`;
        a setting and its value, as `session_timeout_ms=4000`."""

    @abstractmethod
    async def publish(
        self, topic: str, values: Sequence[bytes], *, timestamp_ms: int | None = None
    ) -> None:
        """Write values to the topic's partitions in turn."""

    @abstractmethod
    async def read(self, topic: str) -> list[Any]:
        """Committed records, with `partition`, `key`, `value` and `headers`."""

    @abstractmethod
    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition; fails after a deadline."""

    async def counts(self) -> dict[str, list[int]]:
        """For each word, the counts that were written, in order."""
        counts: defaultdict[str, list[int]] = defaultdict(list)
        for record in await self.read("counts"):
            counts[record.key.decode()].append(int(record.value))
        return dict(counts)

    async def until_counted(self, words: int) -> dict[str, list[int]]:
        """The counts, once there are at least as many as words were published."""

        async def enough() -> bool:
            return sum(map(len, (await self.counts()).values())) >= words

        await self.until(enough)
        return await self.counts()


def exactly_once(counts: Mapping[str, list[int]], lines: Iterable[str]) -> bool:
    """Whether every word was counted 1, 2, 3 ... up to how often the lines hold it."""
    expected: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        for word in line.split():
            expected[word] += 1
    return dict(counts) == {word: list(range(1, n + 1)) for word, n in expected.items()}
