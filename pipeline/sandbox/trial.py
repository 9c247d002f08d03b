"""Everything a demonstration needs, started together and cleaned up together."""

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from pipeline.connection import WITHOUT_LOGIN
from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.sandbox.carriers.catalogue import carriers_on_account
from pipeline.sandbox.workers import WorkerPool
from pipeline.stream.connection import Broker


class Trial(NamedTuple):
    """A broker with topics, and running workers."""

    broker: Broker | str
    topic_prefix: str
    workers: WorkerPool


@contextmanager
def trial(
    *,
    broker: Broker | str | None,
    workers: int,
    carriers_apart: Iterable[str] = (),
    progress: Callable[[str], None],
) -> Iterator[Trial]:
    """Start a trial; everything it started is stopped and removed at the end.

    Args:
        broker: a broker to use; None starts an embedded one. On a given broker the
            trial works on topics of its own, with a prefix of their own, which it leaves there.
            How to log in to it, the workers read from this process's environment.
        workers: number of worker processes.
        carriers_apart: ids of carriers that get topics of their own.
        progress: told in words what is going on.

    Raises:
        BrokerError: broker or workers do not come up; names their log.
    """
    prefix = f"demo-{uuid4().hex[:6]}."
    with (
        _broker(broker, progress) as address,
        tempfile.TemporaryDirectory(prefix="greenlane-") as folder,
    ):
        progress("creating the topics")
        topics = declarations(carriers_apart)
        asyncio.run(create_topics(address, topics, topic_prefix=prefix))
        environment = {
            **({} if broker else WITHOUT_LOGIN),
            "GREENLANE_BROKER": str(address),
            "GREENLANE_CARRIERS_WITH_TOPICS": ",".join(carriers_apart),
            "GREENLANE_TOPIC_PREFIX": prefix,
            "GREENLANE_APPLICATION_ID": f"{prefix}greenlane",
            "GREENLANE_ON_ACCOUNT_CARRIERS": carriers_on_account(),
        }
        progress(f"starting {workers} workers")
        with WorkerPool(workers, environment, Path(folder)) as pool:
            asyncio.run(pool.until_ready())
            yield Trial(address, prefix, pool)


@contextmanager
def _broker(given: Broker | str | None, progress: Callable[[str], None]) -> Iterator[Broker | str]:
    if given:
        yield given
        return
    with EmbeddedBroker(progress=progress) as embedded:
        yield embedded.bootstrap_servers
