"""Kafka as an installation should run it: TLS, SCRAM logins, and rights denied by default.

Beside the listener for clients it keeps the plain one of the embedded broker, for its own
connections; on that one everybody is the super user ANONYMOUS.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.sandbox.ports import free_port
from pipeline.stream.connection import Broker

USERS = (
    *("admin", "workers", "operators", "officers", "collectors"),
    *("SWIFTPOST", "BLUEWAVE", "AEROPAK", "reader", "member"),
)

PROPERTIES = """\
listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},\
SECURED://127.0.0.1:{secured},CERTIFIED://127.0.0.1:{certified},OPEN://127.0.0.1:{open}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},\
SECURED://127.0.0.1:{secured},CERTIFIED://127.0.0.1:{certified},OPEN://127.0.0.1:{open}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,\
SECURED:SASL_SSL,CERTIFIED:SSL,OPEN:SASL_PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
listener.name.certified.ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:admin
"""
LOGIN = """\
listener.name.{listener}.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class SecuredBroker(NamedTuple):
    """Where the broker listens, and what clients need."""

    plain: str
    """For what tests must see, whatever rights say."""
    secured: str
    """SASL_SSL."""
    certified: str
    """SSL with client certificates."""
    open: str
    """SASL_PLAINTEXT."""
    ca_file: Path
    certificate_file: Path
    log_path: Path

    def user(self, name: str) -> Broker:
        """The broker as a user reaches it."""
        return Broker(
            address=self.secured,
            security_protocol="SASL_SSL",
            username=name,
            password=password_of(name),
            ca_file=str(self.ca_file),
        )

    def environment(self, name: str) -> dict[str, str]:
        """The same as settings."""
        return {
            "GREENLANE_BROKER": self.secured,
            "GREENLANE_SECURITY_PROTOCOL": "SASL_SSL",
            "GREENLANE_SASL_USERNAME": name,
            "GREENLANE_SASL_PASSWORD": password_of(name),
            "GREENLANE_TLS_CA_FILE": str(self.ca_file),
        }


def password_of(user: str) -> str:
    """Every user's password."""
    return f"secret of {user}"


@contextmanager
def secured_broker(folder: Path) -> Iterator[SecuredBroker]:
    """A broker with `USERS`; only the admin has rights."""
    authority = trustme.CA()
    ca_file, keystore, certificate = (
        folder / name for name in ("ca.pem", "broker.pem", "client.pem")
    )
    authority.cert_pem.write_to_path(ca_file)
    _write(authority.issue_cert("127.0.0.1"), keystore)
    _write(authority.issue_cert("client.invalid", common_name="certified"), certificate)
    ports = {name: free_port() for name in ("plain", "controller", "secured", "certified", "open")}
    properties = PROPERTIES.format(**ports, keystore=keystore, truststore=ca_file)
    properties += "".join(LOGIN.format(listener=name) for name in ("secured", "open"))
    scram = [
        argument
        for user in USERS
        for argument in ("--add-scram", f"SCRAM-SHA-512=[name={user},password={password_of(user)}]")
    ]
    with EmbeddedBroker(
        port=ports["plain"], properties=properties, format_arguments=scram
    ) as embedded:
        yield SecuredBroker(
            embedded.bootstrap_servers,
            *(f"127.0.0.1:{ports[name]}" for name in ("secured", "certified", "open")),
            ca_file,
            certificate,
            embedded.log_path,
        )


def _write(certificate: trustme.LeafCert, path: Path) -> None:
    """Key and certificates in one file, the key as Kafka reads it (PKCS #8)."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    path.write_bytes(text + chain)
