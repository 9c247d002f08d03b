"""What a check found: rule, place, value."""

from typing import NamedTuple


class Finding(NamedTuple):
    """A broken rule; the pointer is relative to the parcel."""

    rule_id: str
    pointer: str
    value: str
