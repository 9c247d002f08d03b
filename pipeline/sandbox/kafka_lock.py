"""Writes `kafka.lock`, for a new version of Kafka: `python -m pipeline.sandbox.kafka_lock`."""

from hashlib import sha256

import jgo

from pipeline.sandbox.kafka_jars import KAFKA_VERSION, LOCK

# Kafka writes its log through SLF4J 1.7 and brings no backend: without one it is silent.
ENDPOINT = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"


def main() -> None:
    """Resolve Kafka's dependencies on Maven Central and write them down with their sums."""
    LOCK.write_text(
        "".join(
            f"{sha256(jar.resolve().read_bytes()).hexdigest()} "
            f"{jar.groupId}:{jar.artifactId}:{jar.version}\n"
            for jar in sorted(jgo.resolve(ENDPOINT), key=lambda jar: jar.filename)
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
