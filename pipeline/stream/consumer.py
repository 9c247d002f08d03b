"""The one way in which records are read from Kafka: committed ones only, unpacked within limits."""

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer import fetcher
from aiokafka.structs import ConsumerRecord

from pipeline.stream.connection import Broker, client_arguments
from pipeline.stream.records import HEADERS_MAX, Fault, Record
from pipeline.stream.unpack import (
    BATCH_BYTES_MAX,
    CROWDED,
    FRAME_BYTES_MAX,
    HEADERS_READ_MAX,
    UNREADABLE,
    BoundedRecords,
)

_FAULTS = {
    id(UNREADABLE): Fault(
        "unreadable_batch",
        "a batch of messages is damaged, or unpacks to more than the limits of "
        f"{BATCH_BYTES_MAX:,} bytes, {FRAME_BYTES_MAX:,} for one message; it ends at this offset. "
        "Send it again in smaller batches",
    ),
    id(CROWDED): Fault(
        "message_too_large",
        f"the message has more than {HEADERS_READ_MAX:,} headers, the limit is {HEADERS_MAX}",
    ),
}


def new_consumer(broker: Broker | str, **settings: Any) -> AIOKafkaConsumer:
    """A consumer of committed records; from now on all of this process unpack within limits."""
    fetcher.MemoryRecords = BoundedRecords  # aiokafka's fetcher takes no other way to be told
    return AIOKafkaConsumer(
        **client_arguments(broker),
        isolation_level="read_committed",
        enable_auto_commit=False,
        **settings,
    )


def is_unreadable(fetched: ConsumerRecord[bytes, bytes]) -> bool:
    """Whether a fetched record stands for something that was left out."""
    return bool(fetched.headers) and id(fetched.headers[0]) in _FAULTS


def record_of(fetched: ConsumerRecord[bytes, bytes], topic: str) -> Record:
    """A fetched record under the logical name of its topic."""
    place = (topic, fetched.partition, fetched.offset, fetched.timestamp)
    headers = fetched.headers
    if is_unreadable(fetched):
        return Record(*place, None, None, fault=_FAULTS[id(headers[0])])
    if any(value is None for _, value in headers):  # Kafka allows it
        headers = tuple((name, value or b"") for name, value in headers)
    return Record(*place, fetched.key, fetched.value, headers)
