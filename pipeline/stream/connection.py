"""How to reach a Kafka broker and log in to it: the one place that tells aiokafka."""

import ssl
from dataclasses import dataclass, field
from typing import Any

from pipeline.stream.closing import close_promptly

PLAINTEXT = "PLAINTEXT"
SECURITY_PROTOCOLS = (PLAINTEXT, "SSL", "SASL_PLAINTEXT", "SASL_SSL")
SCRAM_SHA_512 = "SCRAM-SHA-512"
SASL_MECHANISMS = (SCRAM_SHA_512, "SCRAM-SHA-256")
"""Both prove the password without sending it. PLAIN would send it, and aiokafka log it at DEBUG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker's address with what it takes to be let in. As a text it is the address alone."""

    address: str
    """HOST:PORT, or several with commas between."""
    security_protocol: str = PLAINTEXT
    """One of `SECURITY_PROTOCOLS`."""
    sasl_mechanism: str = SCRAM_SHA_512
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    """PEM file of the authority that signed the broker's certificate; empty: the system's."""
    certificate_file: str = ""
    """PEM file of our own certificate, for brokers that ask for one."""
    key_file: str = ""
    """PEM file of its key, not encrypted; empty: it stands in the certificate's file."""

    def __str__(self) -> str:
        return self.address

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.security_protocol in {"SSL", "SASL_SSL"}

    @property
    def uses_login(self) -> bool:
        """Whether a user name and a password are needed."""
        return self.security_protocol.startswith("SASL_")


def client_arguments(broker: Broker | str) -> dict[str, Any]:
    """Arguments of every aiokafka client; an address alone is a broker without any security.

    Raises:
        OSError, ValueError: a file of certificates or keys cannot be used.
    """
    if isinstance(broker, str):
        broker = Broker(address=broker)
    close_promptly()
    return {
        "bootstrap_servers": broker.address,
        "security_protocol": broker.security_protocol,
        "ssl_context": tls_context(broker) if broker.uses_tls else None,
        "sasl_mechanism": broker.sasl_mechanism,
        "sasl_plain_username": broker.username if broker.uses_login else None,
        "sasl_plain_password": broker.password if broker.uses_login else None,
    }


def tls_context(broker: Broker) -> ssl.SSLContext:
    """How certificates are checked: always, and the host's name with them.

    Raises:
        OSError, ValueError: a file cannot be read, or is not what it should be.
    """
    context = ssl.create_default_context(cafile=broker.ca_file or None)
    if broker.certificate_file:
        context.load_cert_chain(
            broker.certificate_file, broker.key_file or None, _refuse_encrypted_key
        )
    return context


def _refuse_encrypted_key() -> str:
    # Without this, OpenSSL would ask for the password on the terminal.
    raise ValueError("the key is encrypted; give it without a password, readable by its user only")
