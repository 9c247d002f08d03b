"""A broker that is not there is told in one line, before anything is started."""

import socket

from pipeline.errors import BrokerError

CONNECT_TIMEOUT_S = 5.0


def require_broker(broker: str) -> None:
    """Try to connect to HOST:PORT.

    Raises:
        BrokerError: nothing listens there; says what to do.
    """
    host, _, port = broker.rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        raise BrokerError(
            f"no Kafka broker answers at {broker}; start one with `greenlane broker`, or name "
            "another with --broker HOST:PORT"
        ) from error
