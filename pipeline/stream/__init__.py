"""Exactly-once work on chunks of Kafka records, on top of Faust. Knows nothing of customs.

See docs/stream.md for how the parts fit together.
"""

from pipeline.stream.outbox import Outbox, Output
from pipeline.stream.records import Record, TopicPartition
from pipeline.stream.room import Room
from pipeline.stream.state import KeyedState

__all__ = ["KeyedState", "Outbox", "Output", "Record", "Room", "TopicPartition"]
