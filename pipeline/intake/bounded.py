"""An acknowledgement encoded within a bound: what does not fit is counted, and always exactly."""

import msgspec
from msgspec.structs import replace

from pipeline.model import Acknowledgement

ACKNOWLEDGEMENT_BYTES_MAX = 262_144
"""A third of what a worker writes as one record, a quarter of what the broker takes."""
_COUNT_DIGITS_MAX = 9  # by which `faults_omitted` can grow

_encode_json = msgspec.json.Encoder().encode


def encode_bounded(
    acknowledgement: Acknowledgement, bytes_max: int = ACKNOWLEDGEMENT_BYTES_MAX
) -> bytes:
    """The acknowledgement as JSON, with as many of its first faults as fit into the bound.

    Beside the faults it holds nothing that a sender can make long: less than 10,000 bytes.
    """
    value = _encode_json(acknowledgement)
    if len(value) <= bytes_max:
        return value
    faults = list(acknowledgement.faults)
    excess = len(value) + _COUNT_DIGITS_MAX - bytes_max
    while faults and excess > 0:
        excess -= len(_encode_json(faults.pop())) + 1  # and a comma
    omitted = acknowledgement.faults_omitted + len(acknowledgement.faults) - len(faults)
    return _encode_json(replace(acknowledgement, faults=faults, faults_omitted=omitted))
