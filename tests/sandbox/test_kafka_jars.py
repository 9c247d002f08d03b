"""Kafka's jars: the known ones, whole, or an error that says what to do."""

from hashlib import sha256
from pathlib import Path

import pytest
from jgo.maven import MavenContext

from pipeline.errors import BrokerError
from pipeline.sandbox import kafka_jars

SILENT = lambda _: None  # noqa: E731


@pytest.mark.broker
def test_the_class_path_holds_exactly_the_locked_jars() -> None:
    sums = {sha256(jar.read_bytes()).hexdigest() for jar in kafka_jars.kafka_jars(SILENT)}
    assert sums == set(kafka_jars.locked_jars().values())


def test_without_network_the_error_says_what_to_do_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with pytest.raises(BrokerError, match=r"(?s)Maven Central.*HTTPS_PROXY.*--broker"):
        kafka_jars.kafka_jars(SILENT)
    assert list((tmp_path / "greenlane").iterdir()) == []


def test_a_jar_with_an_unknown_sum_is_refused(tmp_path: Path) -> None:
    jar = tmp_path / "repository/org/example/thing/1.0/thing-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"something else")
    context = MavenContext(repo_cache=tmp_path / "cache", local_repos=[tmp_path / "repository"])
    known = sha256(b"something else").hexdigest()
    assert kafka_jars._fetch(context, "org.example:thing:1.0", known) == jar
    with pytest.raises(BrokerError, match=r"thing:1\.0 arrived with an unknown SHA-256"):
        kafka_jars._fetch(context, "org.example:thing:1.0", "0" * 64)


def test_jars_that_another_process_brought_meanwhile_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "greenlane" / f"kafka-{kafka_jars.KAFKA_VERSION}"

    def fetch(_context: MavenContext, coordinate: str, _checksum: str) -> Path:
        folder.mkdir(exist_ok=True)
        (folder / "theirs.jar").touch()
        ours = tmp_path / f"{coordinate.replace(':', '-')}.jar"
        ours.touch()
        return ours

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kafka_jars, "_fetch", fetch)
    assert kafka_jars.kafka_jars(SILENT) == [folder / "theirs.jar"]
