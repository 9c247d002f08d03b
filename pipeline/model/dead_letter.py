"""A message nobody could work on: kept whole, with what was wrong and where it came from."""

from typing import Annotated

from msgspec import Meta, Struct


class DeadLetter(Struct, frozen=True, kw_only=True):
    """The headers of a record on `dead-letters`, typed; its value is the original bytes."""

    source_topic: str
    source_partition: int
    source_offset: int
    source_timestamp_ms: Annotated[int, Meta(description="broker timestamp, Unix milliseconds")]
    error_code: Annotated[str, Meta(description="one of the bounded error codes")]
    error_text: Annotated[str, Meta(description="what is wrong, where, how to mend it")]
    parcels: Annotated[
        int,
        Meta(
            ge=0,
            description="announced parcels that ended here; 0 for feedback messages",
        ),
    ]
