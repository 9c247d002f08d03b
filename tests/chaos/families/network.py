"""The network between workers and broker: cut, silent, slow, and dropping connections at random.

Harness and oracle use the broker's other listener and notice nothing. A worker that is cut off for
less than the session timeout goes on by itself; for longer, it loses its partitions and joins the
group again. Either way it may end with 70, when its transaction was decided without it, and is
started again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka.client import AIOKafkaClient

from tests.chaos.family import Family, Span
from tests.chaos.instruments.proxied_broker import ProxiedBroker
from tests.chaos.instruments.tcp_proxy import TcpProxy
from tests.chaos.run import Run

CUT_S = Span(brief=1, full=30)
SILENT_S = Span(brief=2, full=30)
"""In full longer than the session timeout, in brief shorter."""
SLOW_S = Span(brief=1, full=30)
ADDED_S = 0.2
DROPS = Span(brief=5, full=100)
DROP_EVERY_S = (0.1, 0.6)
EXIT_FAILED = 70


@asynccontextmanager
async def around(run: Run) -> AsyncIterator[Mapping[str, str]]:
    """The workers, and only they, are behind the proxy."""
    with TcpProxy(run.broker.proxy_port, run.broker.behind_port) as run.proxy:
        yield {"GREENLANE_BROKER": run.proxy.address}


async def inject(run: Run) -> None:
    """One harm after the other; after each, parcels must be decided again."""
    for harm in (drop_at_random, slow_down, cut, fall_silent):
        await harm(run, run.proxy)
        run.positions.forgive()
        over_at_s, known = time.time(), len(run.progress.ends)
        await run.until(
            lambda over_at_s=over_at_s, known=known: any(
                end.received_at_s > over_at_s for end in run.progress.ends[known:]
            ),
            "parcels are decided that were announced afterwards",
        )
    statuses = {ended.exit_status for ended in run.workers.ended}
    run.measures["workers ended with 70"] = len(run.workers.ended)
    run.expect(statuses <= {EXIT_FAILED}, f"workers ended with {statuses}")


async def drop_at_random(run: Run, proxy: TcpProxy) -> None:
    """Break single connections at random times."""
    drops = round(DROPS.of(run.plan))
    fault = run.faults.inject(f"{drops} connections dropped at random", drops)
    before = proxy.connections_broken
    while proxy.connections_broken < before + drops:
        await asyncio.sleep(run.random.uniform(*DROP_EVERY_S))
        proxy.break_one(run.random)
    fault.over()
    fault.confirm(True, f"{proxy.connections_broken - before} connections broken")


async def slow_down(run: Run, proxy: TcpProxy) -> None:
    """Every question and its answer take longer."""
    fault = run.faults.inject(f"{ADDED_S * 1000:.0f} ms added to every round trip")
    proxy.slow_down(ADDED_S)
    took_s = await round_trip_s(proxy.address)
    await asyncio.sleep(SLOW_S.of(run.plan))
    proxy.slow_down(0)
    fault.over()
    fault.confirm(took_s >= ADDED_S, f"a question took {took_s * 1000:.0f} ms")


async def cut(run: Run, proxy: TcpProxy) -> None:
    """All connections break, and new ones at once."""
    seconds = CUT_S.of(run.plan)
    fault = run.faults.inject(f"connections refused for {seconds:.0f} s")
    before = proxy.connections_refused
    proxy.cut()
    await asyncio.sleep(seconds)
    refused = proxy.connections_refused - before
    proxy.mend()
    fault.over()
    fault.confirm(refused, f"{refused} connections refused")


async def fall_silent(run: Run, proxy: TcpProxy) -> None:
    """Nothing passes, nothing is told; what was sent meanwhile arrives at the end."""
    seconds = SILENT_S.of(run.plan)
    fault = run.faults.inject(f"no byte passes for {seconds:.0f} s")
    proxy.hold()
    await asyncio.sleep(ADDED_S)  # what was just being written
    before = proxy.bytes_passed
    await asyncio.sleep(seconds)
    passed = proxy.bytes_passed - before
    proxy.mend()
    fault.over()
    fault.confirm(passed == 0, "nothing passed")


async def round_trip_s(address: str) -> float:
    """How long a client needs to ask a broker anything at all."""
    client = AIOKafkaClient(bootstrap_servers=address)
    started_s = time.monotonic()
    await client.bootstrap()
    took_s = time.monotonic() - started_s
    await client.close()
    return took_s


FAMILY = Family(
    name="network",
    summary="connections are dropped, slowed, cut and silent between workers and broker",
    load_s=Span(brief=6, full=60),
    inject=inject,
    around=around,
    own_broker=True,
    new_broker=ProxiedBroker,
)
