"""Free ports on loopback."""

import random
import socket

# Below the range from which Linux takes ports for outgoing connections (32768 and up): a client
# that keeps knocking at a stopped server could be given that server's very port.
SERVER_PORTS = range(10_000, 32_000)


def free_port() -> int:
    """A TCP port that is free on loopback right now."""
    while True:
        port = random.choice(SERVER_PORTS)  # noqa: S311 - nothing secret
        if is_free(port):
            return port


def is_free(port: int) -> bool:
    """Whether a server could listen on this TCP port on loopback right now."""
    with socket.socket() as probe:
        # As servers do: connections of an earlier server that are still closing do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
