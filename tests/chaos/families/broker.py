"""The broker dies and comes back on its data: workers wait for it and go on by themselves.

Away for longer than the transaction timeout, it has aborted what was open: the worker ends with 70,
as it must, and its supervisor starts it again.
"""

import asyncio
import socket

from tests.chaos.family import Family, Span
from tests.chaos.run import Run

TIMES_EACH = Span(brief=1, full=3)
AWAY_S = (0.5, 3.0)


async def inject(run: Run) -> None:
    """SIGKILL and SIGTERM the broker in random order, under load."""
    ways = ["SIGKILL", "SIGTERM"] * round(TIMES_EACH.of(run.plan))
    run.random.shuffle(ways)
    for way in ways:
        await asyncio.sleep(run.random.uniform(0.2, 1.0))
        await end_and_start(run, way)
        ended = run.progress.ended
        await run.until(
            lambda ended=ended: run.progress.ended > ended, "parcels are decided after the outage"
        )


async def end_and_start(run: Run, way: str) -> None:
    """End the broker, see that it is gone, and start it again after a while."""
    fault = run.faults.inject(f"{way} of the broker")
    pid = run.broker.pid
    # In threads: load and readers must go on meanwhile.
    await asyncio.to_thread(run.broker.kill if way == "SIGKILL" else run.broker.stop)
    fault.confirm(refuses(run.bootstrap_servers), f"process {pid} ended, connection refused")
    await asyncio.sleep(run.random.uniform(*AWAY_S))
    await asyncio.to_thread(run.broker.start)
    run.positions.forgive()
    fault.over()


def refuses(address: str) -> bool:
    """Whether nothing listens at an address."""
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


FAMILY = Family(
    name="broker",
    summary="the broker dies by SIGKILL and SIGTERM and comes back",
    load_s=Span(brief=8, full=60),
    inject=inject,
    own_broker=True,
)
