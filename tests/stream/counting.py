"""Two tiny rooms without customs terms: `split` sends words on, `count` counts each of them.

Run as a script it is a worker:
`python -m tests.stream.counting BROKER PREFIX WORKER_ID WEB_PORT [work|commit] [SETTING=VALUE]`.
With `work` or `commit` it stops itself (SIGSTOP) in its first work, or before its first commit.
"""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, ClassVar

import faust
import msgspec

from pipeline.stream import KeyedState, Outbox, Record
from pipeline.stream.app import build_stream_app
from pipeline.stream.fencing import FencedProducer
from pipeline.stream.murmur2 import partition_of
from pipeline.stream.settings import StreamSettings

TOPICS = {
    "lines": 4,
    "words": 4,
    "counts": 4,
    "split-changelog": 4,
    "count-changelog": 4,
    "dead-letters": 4,
}
HOUR_MS = 3_600_000


class Split:
    """`lines` (words between spaces) -> `words` in envelopes; `boom` and `huge` are poison.

    A line that begins with `brief` is remembered for an hour of event time.
    """

    name = "split"
    inputs = ("lines",)
    outputs = ("dead-letters",)
    state_type = int
    enclosers: ClassVar = {"words": msgspec.msgpack.encode}

    def work(self, record: Record, state: KeyedState[int], outbox: Outbox) -> None:
        line = (record.value or b"").decode()
        state.put("lines", (state.get("lines") or 0) + 1)
        for word in line.split():
            outbox.enclose("words", partition_of(word.encode(), 4), word)
        if line.startswith("brief"):
            state.put(line, 1, expires_at_ms=record.timestamp_ms + HOUR_MS)
        if line == "boom":
            raise ValueError("boom")
        if line == "huge":
            state.put("huge", 10**30)


class Count:
    """`words` -> `counts`: for each word, how often it was seen so far."""

    name = "count"
    inputs = ("words",)
    outputs = ("counts", "dead-letters")
    state_type = int
    enclosers: ClassVar = {}

    def work(self, record: Record, state: KeyedState[int], outbox: Outbox) -> None:
        words: Sequence[str] = msgspec.msgpack.decode(record.value or b"")
        for word in words:
            seen = (state.get(word) or 0) + 1
            state.put(word, seen)
            outbox.send("counts", key=word.encode(), value=b"%d" % seen)
            outbox.note(word)


def settings(
    broker: str, prefix: str, worker_id: str, web_port: int, **changed: Any
) -> StreamSettings:
    usual: dict[str, Any] = {
        "broker": broker,
        "application_id": f"{prefix}app",
        "worker_id": worker_id,
        "topic_prefix": prefix,
        "web_port": web_port,
        "session_timeout_ms": 4_000,
        "transaction_timeout_ms": 4_000,
    }
    return StreamSettings(**{**usual, **changed})


def freeze_once(owner: Any, name: str) -> None:
    """Stop the process when a method is called for the first time."""
    method = getattr(owner, name)

    def frozen(*arguments: Any) -> Any:
        setattr(owner, name, method)
        os.kill(os.getpid(), signal.SIGSTOP)
        return method(*arguments)

    setattr(owner, name, frozen)


def main() -> None:
    broker, prefix, worker_id, web_port, *options = sys.argv[1:]
    if "work" in options:
        freeze_once(Split, "work")
    if "commit" in options:
        freeze_once(FencedProducer, "commit_transaction")
    changed: dict[str, Any] = dict(option.split("=", 1) for option in options if "=" in option)
    for name, value in changed.items():
        changed[name] = int(value) if value.isdigit() else value
    worker_settings = settings(broker, prefix, worker_id, int(web_port), **changed)
    app = build_stream_app([Split(), Count()], worker_settings)
    faust.Worker(app, loglevel="INFO", logfile=None).execute_from_commandline()


if __name__ == "__main__":
    main()
