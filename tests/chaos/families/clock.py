"""The wall clocks of the workers step by a day, forwards and backwards, under load.

Every time that counts comes from the broker (`LogAppendTime`): a worker's clock changes neither
what is decided nor what is remembered. Its latency metrics are wrong for as long as it is wrong.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import orjson

from tests.chaos.accounts import OUTCOME_TOPICS
from tests.chaos.family import Family, Span
from tests.chaos.instruments import worker as instrumented
from tests.chaos.instruments.clock import WrongClock
from tests.chaos.reader import Read, read_all
from tests.chaos.run import Run
from tests.chaos.torn import ROOM_INPUTS

DEADLINE = b"s~"
"""Begins the keys of what a room waits for: such an entry goes when what it waits for has come."""
DAY_S = 86_400
STEPS_S = (DAY_S, -DAY_S, 0)
STEP_KEPT_S = Span(brief=1, full=20)


@asynccontextmanager
async def around(run: Run) -> AsyncIterator[Mapping[str, str]]:
    """All workers follow one clock."""
    yield {"CHAOS_CLOCK": str(clock_of(run).path)}


def clock_of(run: Run) -> WrongClock:
    """The run's clock; right at first."""
    return WrongClock(run.folder / "clock")


async def inject(run: Run) -> None:
    """Step the clock while parcels pass."""
    clock = clock_of(run)
    for offset_s in STEPS_S:
        fault = run.faults.inject(f"the workers' clocks step to {offset_s:+d} s")
        before = run.progress.ended
        clock.set(offset_s)
        text = f"the wall clock is now {offset_s:+d} s off"
        await run.until(
            lambda: all(text in path.read_text() for path in run.workers.log_paths),  # noqa: B023
            text,
        )
        await asyncio.sleep(STEP_KEPT_S.of(run.plan))
        await run.until(lambda: run.progress.ended > before, "parcels pass")  # noqa: B023
        fault.over()
        fault.confirm(run.progress.ended > before, f"{text}; parcels passed")


async def conclude(run: Run) -> None:
    """No decision stands before its manifest, and no memory was forgotten."""
    occurred, written = [], []
    async for record in _read(run, OUTCOME_TOPICS):
        received_s = instant_s(orjson.loads(record.value or b"")["received_at"])
        occurred.append(instant_s(dict(record.headers)["ce_time"].decode()) - received_s)
        written.append(record.timestamp_ms / 1000 - received_s)
    for what, ages_s in {"events happen": occurred, "records are written": written}.items():
        run.measures[f"{what}, s after the manifest"] = [min(ages_s), max(ages_s)]
        run.expect(min(ages_s) >= 0, f"{what} {-min(ages_s):.0f} s before their manifest")
        run.expect(max(ages_s) < DAY_S / 2, f"{what} {max(ages_s):.0f} s after their manifest")
    changelogs = [f"{room}-changelog" for room in ROOM_INPUTS]
    forgotten = [
        record.key
        async for record in _read(run, changelogs)
        if record.value is None and not (record.key or b"").startswith(DEADLINE)
    ]
    run.expect(not forgotten, f"{len(forgotten)} memories expired, such as {forgotten[:1]}")


def instant_s(text: str) -> float:
    """Unix seconds of a time in ISO 8601."""
    return datetime.fromisoformat(text).timestamp()


def _read(run: Run, topics: Sequence[str]) -> AsyncIterator[Read]:
    return read_all(run.bootstrap_servers, run.topic_prefix, topics)


FAMILY = Family(
    name="clock",
    summary="the workers' clocks step by a day, forwards and backwards",
    load_s=Span(brief=6, full=60),
    inject=inject,
    conclude=conclude,
    around=around,
    worker_command=instrumented.COMMAND,
    restarts=False,
)
