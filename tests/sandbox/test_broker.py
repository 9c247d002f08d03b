"""The embedded broker: data kept, no process left behind, errors that say what to do."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.errors import BrokerError
from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.sandbox.ports import free_port

pytestmark = pytest.mark.own_broker
DEADLINE_S = 20
TOPIC = replace(declarations()[0], partitions=1)
RUN_UNTIL_KILLED = """
import time
from pipeline.sandbox.broker import EmbeddedBroker
with EmbeddedBroker() as broker:
    print(broker.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A running broker whose data are kept."""
    with EmbeddedBroker(data_dir=tmp_path / "kafka") as broker:
        yield broker


async def test_data_and_address_survive_a_sigkill_and_a_new_start(kept: EmbeddedBroker) -> None:
    address = kept.bootstrap_servers
    assert await create_topics(address, [TOPIC]) == [TOPIC.name]
    kept.kill()
    kept.start()
    assert await create_topics(kept.bootstrap_servers, [TOPIC]) == []
    kept.stop()
    with EmbeddedBroker(data_dir=kept.log_path.parent) as again:
        assert again.bootstrap_servers == address
        assert await create_topics(address, [TOPIC]) == []


def test_a_broker_that_ends_by_itself_is_told(kept: EmbeddedBroker) -> None:
    assert kept.pid is not None
    os.kill(kept.pid, signal.SIGKILL)
    with pytest.raises(BrokerError, match=f"status -9.*(?s:.)*{kept.log_path}"):
        kept.wait()


def test_kafka_dies_with_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", RUN_UNTIL_KILLED], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    kafka = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        kafka.wait(DEADLINE_S)
    except psutil.TimeoutExpired:
        kafka.kill()
        raise


def test_nothing_is_left_of_a_temporary_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither data nor log nor anything that Java unpacked."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with EmbeddedBroker() as broker:
        assert broker.pid is not None
        kafka = psutil.Process(broker.pid)
        assert broker.log_path.parent == tmp_path
    assert not kafka.is_running()
    assert list(tmp_path.iterdir()) == []


async def test_java_unpacks_into_the_folder_of_the_broker(kept: EmbeddedBroker) -> None:
    await create_topics(kept.bootstrap_servers, [TOPIC])
    producer = AIOKafkaProducer(bootstrap_servers=kept.bootstrap_servers, compression_type="lz4")
    async with producer:
        await producer.send_and_wait(TOPIC.name, b"x" * 1_000)
    mapped = {Path(entry.path) for entry in psutil.Process(kept.pid).memory_maps()}
    assert [path for path in mapped if "lz4" in path.name and path.suffix == ".so"]
    assert [path for path in mapped if path.parent == Path(tempfile.gettempdir())] == []


def test_a_log_that_an_error_named_outlives_a_temporary_broker() -> None:
    broker = EmbeddedBroker()
    folder = broker.log_path.with_suffix("")
    (folder / "data").write_text("a file where a folder must be")
    with pytest.raises(BrokerError, match=str(broker.log_path)):
        broker.start()
    broker.close()
    assert broker.log_path.read_text()
    assert not folder.exists()
    broker.log_path.unlink()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BrokerError, match=f"port {port} is taken"):
            EmbeddedBroker(port=port, data_dir=tmp_path).start()


def test_storage_that_cannot_be_formatted_names_the_log(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder must be")
    broker = EmbeddedBroker(data_dir=tmp_path)
    with pytest.raises(BrokerError, match=rf"not format its storage(?s:.)*{broker.log_path}"):
        broker.start()


def test_a_start_that_fails_shows_the_end_of_the_log_and_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("version=1\ncluster.id=x\nnode.id=7\n")
    broker = EmbeddedBroker(data_dir=tmp_path)
    with pytest.raises(
        BrokerError, match=r"ended while starting(?s:.)*node[. ]id(?s:.)*kafka\.log"
    ):
        broker.start()
    assert broker.pid is None


def test_free_ports_are_not_those_of_outgoing_connections() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(free_port() < lowest for _ in range(50))
