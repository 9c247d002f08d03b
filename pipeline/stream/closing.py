"""Closing an encrypted connection at once.

uvloop ends TLS in order: it waits up to 30 s for the broker's own goodbye. Kafka owes none, and
where an answer crosses ours on the way none comes. A worker that changes its partitions or stops
would wait for it each time.
"""

from typing import Any

import aiokafka.conn
from aiokafka.conn import AIOKafkaConnection


class PromptlyClosed(AIOKafkaConnection):
    """A connection that waits for nobody once it is closed."""

    def close(self, reason: Any = None, exc: BaseException | None = None) -> Any:
        """Close it: what was asked and not answered fails. A future that is done afterwards."""
        writer = self._writer
        closed = super().close(reason, exc)
        if writer is not None and self._ssl_context:
            writer.transport.abort()
        return closed


def close_promptly() -> None:
    """From now on all connections of this process are closed so."""
    aiokafka.conn.AIOKafkaConnection = PromptlyClosed  # its clients take no other way to be told
