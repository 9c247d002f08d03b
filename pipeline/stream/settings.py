"""Settings of the stream core."""

from dataclasses import dataclass

from pipeline.stream.connection import Broker

STATE_ENTRIES_MAX = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """What the stream core needs to know; units stand in the names."""

    broker: Broker | str
    """The Kafka broker; an address alone, HOST:PORT, is one without any security."""
    application_id: str
    """Consumer group, and prefix of the transactional ids."""
    worker_id: str
    """Unique for each worker of the group, and the same again after its restart."""
    topic_prefix: str = ""
    """Put before every logical topic name."""
    web_host: str = "127.0.0.1"
    web_port: int = 6066
    session_timeout_ms: int = 10_000
    transaction_timeout_ms: int = 12_000
    cycle_bytes_max: int = 4_000_000
    """Input bytes taken into one transaction."""
    cycle_items_max: int = 10_000
    """Records and envelope items written by one transaction, about."""
    cycle_ms_min: int = 500
    """Work taken into one transaction while little waits."""
    cycle_ms_max: int = 1_000
    """Work taken into one transaction while as much waits as may."""
    cycle_wait_ms: int = 5
    """How long a cycle waits for more input before it starts."""
    snapshot_dir: str = ""
    """Folder for snapshots of the memories; without one, only changelogs are read at a restart."""
    snapshot_interval_ms: int = 300_000
    """How old the snapshot of a memory that changes may become."""
    state_entries_max: int = STATE_ENTRIES_MAX
    """Entries the memory of one room and partition may have."""
    retry_backoff_ms: int = 5
    """aiokafka's default of 100 ms would triple the latency (docs/stream.md)."""

    @property
    def transactional_id(self) -> str:
        """Transactional id of this worker's producer."""
        return f"{self.application_id}-{self.worker_id}"
