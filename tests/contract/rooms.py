"""Examples sent through the rooms, in memory."""

import json

from pipeline.contract.examples import Example
from pipeline.model import account_key, case_key, manifest_key
from pipeline.stream.memory import MemoryStream

ISSUED_AT_MS = 1_783_324_800_000  # 2026-07-06 08:00 UTC, when the example manifests are issued


def publish(stream: MemoryStream, topic: str, example: Example) -> None:
    """Send an example under its right key, and let the rooms finish."""
    content = json.loads(example.content)
    carrier = content.get("carrier", "SWIFTPOST")
    if topic == "manifests":
        key = manifest_key(carrier, content["manifest_id"])
    elif topic == "accounts":
        key = account_key(carrier, content["currency"])
    else:
        key = case_key(carrier, content["parcel_id"])
    stream.publish(topic, key=key.encode(), value=example.content, timestamp_ms=ISSUED_AT_MS)
    stream.run_until_idle()
