"""Everything a demonstration needs, started together and cleaned up together."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from pipeline.connection import WITHOUT_LOGIN
from pipeline.contract.create import create_topics, delete_topics
from pipeline.contract.declarations import TopicDeclaration, declarations
from pipeline.errors import BrokerError
from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.sandbox.carriers.catalogue import carriers_on_account
from pipeline.sandbox.warm_up import TOPICS as WARM_UP_TOPICS
from pipeline.sandbox.warm_up import warm_up
from pipeline.sandbox.workers import WorkerPool
from pipeline.stream.connection import Broker
from pipeline.supervision.children import undisturbed

CHECK_INTERVAL_S = 0.2
WARM_UP = "warm-up."
WARM_UP_S = 3.0


class Trial(NamedTuple):
    """A broker with topics, and running workers."""

    broker: Broker | str
    topic_prefix: str
    workers: WorkerPool
    check_broker: Callable[[], None]
    """Raises BrokerError once a broker that was started here has ended by itself."""


@contextmanager
def trial(
    *,
    broker: Broker | str | None,
    workers: int,
    carriers_apart: Iterable[str] = (),
    progress: Callable[[str], None],
) -> Iterator[Trial]:
    """Start a trial; everything it started is stopped and removed at the end.

    Only a log that an error names is kept.

    Args:
        broker: a broker to use; None starts an embedded one. On a given broker the
            trial works on topics of its own, with a prefix of their own, and deletes them.
            How to log in to it, the workers read from this process's environment.
        workers: number of worker processes, and of the topics' partitions: on a small machine,
            each partition more costs latency (docs/performance.md).
        carriers_apart: ids of carriers that get topics of their own.
        progress: told in words what is going on.

    Raises:
        BrokerError: broker or workers do not come up; names their log.
    """
    prefix = f"demo-{uuid4().hex[:6]}."
    topics = declarations(carriers_apart)
    with (
        _broker(broker, progress) as (address, check_broker),
        _folder() as folder,
        _topics(address, topics, prefix, partitions=workers, deleted_at_end=broker is not None),
    ):
        environment = {
            **({} if broker else WITHOUT_LOGIN),
            "GREENLANE_BROKER": str(address),
            "GREENLANE_CARRIERS_WITH_TOPICS": ",".join(carriers_apart),
            "GREENLANE_TOPIC_PREFIX": prefix,
            "GREENLANE_APPLICATION_ID": f"{prefix}greenlane",
            "GREENLANE_ON_ACCOUNT_CARRIERS": carriers_on_account(),
        }
        if not broker:  # early: until they have a leader takes a while
            asyncio.run(create_topics(address, WARM_UP_TOPICS, topic_prefix=prefix + WARM_UP))
        progress(f"starting {workers} workers")
        with WorkerPool(workers, environment, folder) as pool:
            asyncio.run(_until_ready(pool, check_broker))
            if not broker:
                progress("warming the broker up")
                asyncio.run(warm_up(address, topic_prefix=prefix + WARM_UP, seconds=WARM_UP_S))
            yield Trial(address, prefix, pool, check_broker)


async def _until_ready(pool: WorkerPool, check_broker: Callable[[], None]) -> None:
    """Wait for the workers, but not for ever on a broker that is gone."""
    waiting = asyncio.create_task(pool.until_ready())
    while not waiting.done():
        check_broker()
        await asyncio.wait([waiting], timeout=CHECK_INTERVAL_S)
    await waiting


@contextmanager
def _broker(
    given: Broker | str | None, progress: Callable[[str], None]
) -> Iterator[tuple[Broker | str, Callable[[], None]]]:
    if given:
        yield given, lambda: None
        return
    with EmbeddedBroker(progress=progress) as embedded:
        yield embedded.bootstrap_servers, embedded.check


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for the workers' files; only logs outlive the trial, and if an error names one."""
    folder = Path(tempfile.mkdtemp(prefix="greenlane-"))
    removed = [folder]
    try:
        yield folder
    except BrokerError as error:
        if str(folder) in str(error):
            removed = [entry for entry in folder.iterdir() if entry.suffix != ".log"]
        raise
    finally:
        with undisturbed():
            for entry in removed:
                shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def _topics(
    broker: Broker | str,
    topics: Sequence[TopicDeclaration],
    prefix: str,
    *,
    partitions: int,
    deleted_at_end: bool,
) -> Iterator[None]:
    asyncio.run(create_topics(broker, topics, topic_prefix=prefix, partitions=partitions))

    def delete() -> None:
        if deleted_at_end:
            with undisturbed():
                asyncio.run(delete_topics(broker, topics, topic_prefix=prefix))

    try:
        yield
    except BaseException:
        with suppress(BrokerError):  # what went wrong first is what is to be told
            delete()
        raise
    delete()
