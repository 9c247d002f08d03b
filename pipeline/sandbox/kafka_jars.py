"""The jars of Apache Kafka: downloaded from Maven Central once, checked against known SHA-256 sums.

`kafka.lock` names every jar with its sum. `python -m pipeline.sandbox.kafka_lock` writes it anew.
"""

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from jgo.maven import MavenContext

from pipeline.errors import BrokerError

KAFKA_VERSION = "4.1.1"
LOCK = Path(__file__).with_name("kafka.lock")
DOWNLOADS_AT_ONCE = 8


def kafka_jars(progress: Callable[[str], None]) -> list[Path]:
    """All jars of Kafka's class path, downloaded at the first call.

    Raises:
        BrokerError: they cannot be downloaded, or are not the known ones; says what to do.
    """
    folder = cache_folder() / f"kafka-{KAFKA_VERSION}"
    if not folder.is_dir():
        try:
            _download(folder, progress)
        # jgo raises RuntimeError when no repository has a file, requests its own OSErrors
        except (OSError, RuntimeError) as error:
            raise BrokerError(
                "Apache Kafka could not be downloaded from Maven Central. Check the network "
                "connection (behind a proxy, set HTTPS_PROXY and REQUESTS_CA_BUNDLE), or use a "
                f"broker that runs already: --broker HOST:PORT. The cause: {error}"
            ) from error
    return sorted(folder.glob("*.jar"))


def cache_folder() -> Path:
    """Where downloads are kept: `greenlane` in the user's cache folder (XDG_CACHE_HOME)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "greenlane"


def locked_jars() -> dict[str, str]:
    """SHA-256 of each jar by its Maven coordinate `group:artifact:version`."""
    pairs = (line.split() for line in LOCK.read_text(encoding="utf-8").splitlines())
    return {coordinate: checksum for checksum, coordinate in pairs}


def _download(folder: Path, progress: Callable[[str], None]) -> None:
    jars = locked_jars()
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Built aside and renamed: what stands under the final name is whole, whatever interrupts.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="download-") as aside:
        context = MavenContext(repo_cache=Path(aside) / "maven", local_repos=[])
        finished = Path(aside) / "jars"
        finished.mkdir()
        pool = ThreadPoolExecutor(DOWNLOADS_AT_ONCE)
        try:
            fetched = pool.map(lambda item: _fetch(context, *item), jars.items())
            for number, jar in enumerate(fetched, start=1):
                progress(
                    f"downloading Apache Kafka (45 MB, only once): jar {number} of {len(jars)}"
                )
                jar.rename(finished / jar.name)
        finally:
            pool.shutdown(cancel_futures=True)  # Ctrl-C must not wait for the rest
        try:
            finished.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise  # otherwise another process was faster, with the same jars


def _fetch(context: MavenContext, coordinate: str, checksum: str) -> Path:
    jar: Path = context.create_dependency(coordinate).artifact.resolve()
    if sha256(jar.read_bytes()).hexdigest() != checksum:
        raise BrokerError(f"{coordinate} arrived with an unknown SHA-256; it is not used")
    return jar
