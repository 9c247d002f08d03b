"""The rule books a worker has: that of its release, and those published since.

Which of them decides rests on the broker's clock alone, so a replay of the same topics decides the
same: a record is worked on by the last book that was published `NOTICE_MS` before it or earlier.
"""

from pipeline.rulebook.book import RuleBook

NOTICE_MS = 3_000
"""From a publication to the first records it decides on: time for every worker to hear of it."""


class Shelf:
    """Rule books in the order of their publication; it grows while a worker runs."""

    def __init__(self, release: RuleBook) -> None:
        self._books: list[tuple[int, RuleBook]] = []
        self._release = release

    @property
    def newest(self) -> RuleBook:
        """The last one published, whether it decides yet or not."""
        return self._books[-1][1] if self._books else self._release

    def publish(self, book: RuleBook, published_at_ms: int) -> None:
        """Add a book that follows the newest."""
        self._books.append((published_at_ms + NOTICE_MS, book))

    def at(self, timestamp_ms: int) -> RuleBook:
        """The newest book for a record of this broker timestamp; ask it which `covering` a day."""
        for from_ms, book in reversed(self._books):
            if from_ms <= timestamp_ms:
                return book
        return self._release
