"""Settings of the installation, read from environment variables named GREENLANE_<FIELD>."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from pipeline.errors import SettingsError
from pipeline.model.fields import CARRIER_ID_PATTERN


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings with their defaults. Units stand in the names."""

    broker: str = "127.0.0.1:9092"
    """Address of the Kafka broker, HOST:PORT."""
    security_protocol: str = "PLAINTEXT"
    """PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL: see [security.md](security.md)."""
    sasl_mechanism: str = "SCRAM-SHA-512"
    """How to log in: SCRAM-SHA-512 or SCRAM-SHA-256."""
    sasl_username: str = ""
    """User to log in as, with SASL_SSL or SASL_PLAINTEXT."""
    sasl_password: str = field(default="", repr=False)
    """Its password; a file is safer, because other programs of the user can read variables."""
    sasl_password_file: str = ""
    """File that holds the password alone."""
    tls_ca_file: str = ""
    """PEM file of the authority that signed the broker's certificate; empty: the system's."""
    tls_certificate_file: str = ""
    """PEM file of the own certificate, for brokers that ask for one."""
    tls_key_file: str = ""
    """PEM file of its key, not encrypted; empty: it stands in the certificate's file."""
    application_id: str = "greenlane"
    """Consumer group and prefix of transactional ids: one per installation."""
    topic_prefix: str = ""
    """Put before every topic name, so that installations can share a broker."""
    worker_id: str = "worker-1"
    """Unique for each worker of an installation, and the same again after its restart."""
    web_host: str = "127.0.0.1"
    """Address on which the worker serves metrics and health."""
    web_port: int = 6066
    """Port on which the worker serves metrics and health."""
    manifest_parcels_max: int = 2_000
    """Parcels a manifest message may hold; larger manifests are sent in parts."""
    acknowledgement_faults_max: int = 100
    """Faults an acknowledgement names; the rest is counted."""
    description_words_min: int = 2
    """Words that must stand beside a general term in a description of goods (rule DQ12b)."""
    vendor_register_file: str = ""
    """YAML file of vendors that collect tax at sale (IOSS) and when; empty: by form alone."""
    severity_file: str = ""
    """YAML file that changes severities of data rules while workers run; empty: none."""
    selection_salt: str = field(default="change-me-in-production", repr=False)
    """Secret of the random selection: who knows it can foresee the selection."""
    random_selection_per_million: int = 5_000
    """Parcels per million selected at random, whatever their score."""
    inspection_score_min: int = 70
    """Score from which a parcel is inspected."""
    on_account_carriers: str = ""
    """Comma-separated ids of carriers with a deferred account or guarantee."""
    carriers_with_topics: str = ""
    """Comma-separated ids of carriers with topics of their own; the same for all workers."""
    session_timeout_ms: int = 10_000
    """A worker silent for this long loses its partitions."""
    transaction_timeout_ms: int = 12_000
    """A dead worker's open transaction blocks its partitions for at most this long."""
    cycle_bytes_max: int = 4_000_000
    """Input bytes a worker takes into one transaction."""
    cycle_items_max: int = 10_000
    """Parcels, in rooms and outcomes together, that a worker writes in one transaction."""
    cycle_ms_min: int = 500
    """Work a worker puts into one transaction while little waits: for latency."""
    cycle_ms_max: int = 1_000
    """Work a worker puts into one transaction while much waits: for throughput."""
    cycle_wait_ms: int = 5
    """How long a worker waits for more input before it closes a cycle."""
    snapshot_dir: str = ""
    """Folder for snapshots of the memories; without one, a restart reads whole changelogs."""
    snapshot_interval_ms: int = 300_000
    """How old the snapshot of a memory may become while the memory changes."""
    state_entries_max: int = 1_000_000
    """Entries the memory of one room and partition may have; beyond them the worker stops."""

    def carriers_on_account(self) -> frozenset[str]:
        """Ids in `on_account_carriers`."""
        return _listed(self.on_account_carriers)

    def carriers_apart(self) -> frozenset[str]:
        """Ids in `carriers_with_topics`.

        Raises:
            SettingsError: one cannot be a carrier's id, so nor a part of a topic's name.
        """
        carriers = _listed(self.carriers_with_topics)
        for carrier in sorted(carriers):
            if not re.fullmatch(CARRIER_ID_PATTERN, carrier):
                raise SettingsError(
                    f"GREENLANE_CARRIERS_WITH_TOPICS: {carrier!r} is no carrier id: letters, "
                    "digits, dot, underscore and hyphen, 35 at most"
                )
        return carriers


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from variables such as GREENLANE_BROKER.

    Raises:
        SettingsError: an unknown GREENLANE_ variable or a value that is not of its type.
    """
    known = {f"GREENLANE_{setting.name.upper()}": setting for setting in fields(Settings)}
    values: dict[str, str | int] = {}
    for name, text in environment.items():
        if not name.startswith("GREENLANE_") or name in OTHER_VARIABLES:
            continue
        if name not in known:
            raise SettingsError(f"{name} is not a setting; see `greenlane worker --help`")
        setting = known[name]
        values[setting.name] = _whole_number(name, text) if setting.type is int else text
    return Settings(**values)  # type: ignore[arg-type]


WORKER_RESTARTS = "GREENLANE_WORKER_RESTARTS"
"""A supervisor tells a worker with this variable how often it has started it again."""
OTHER_VARIABLES = frozenset(
    {
        WORKER_RESTARTS,
        "GREENLANE_DATA",
        "GREENLANE_MUTATIONS",
    }
)
"""Variables of a supervisor and of the test suite, not settings."""


def _listed(text: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, text.split(","))))


def _whole_number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise SettingsError(f"{name} must be a whole number, not {text!r}") from error
