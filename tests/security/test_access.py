"""Who is not let in is told why, in words that say what to do; no password is ever told."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.errors import BrokerError
from pipeline.ops.access import require_broker
from pipeline.stream.connection import Broker
from tests.security.secured_broker import SecuredBroker, password_of

LET_IN: dict[str, Callable[[SecuredBroker], Broker]] = {
    "SCRAM over TLS": lambda b: b.user("SWIFTPOST"),
    "SCRAM without TLS": lambda b: replace(
        b.user("SWIFTPOST"), address=b.open, security_protocol="SASL_PLAINTEXT"
    ),
    "a client certificate": lambda b: Broker(
        address=b.certified,
        security_protocol="SSL",
        ca_file=str(b.ca_file),
        certificate_file=str(b.certificate_file),
    ),
    "the second of two addresses": lambda b: replace(
        b.user("SWIFTPOST"), address=f"127.0.0.1:1,{b.secured}"
    ),
}
REFUSED: dict[str, tuple[Callable[[SecuredBroker], Broker], str]] = {
    "wrong password": (
        lambda b: replace(b.user("SWIFTPOST"), password="wrong"),
        "refuses the login of SWIFTPOST: the password is wrong",
    ),
    "unknown user": (
        lambda b: replace(b.user("SWIFTPOST"), username="NOBODY"),
        "refuses the login of NOBODY",
    ),
    "unknown authority": (
        lambda b: replace(b.user("SWIFTPOST"), ca_file=""),
        "is not trusted: unable to get local issuer certificate. Name .* GREENLANE_TLS_CA_FILE",
    ),
    "another host's certificate": (
        lambda b: replace(b.user("SWIFTPOST"), address=b.secured.replace("127.0.0.1", "localhost")),
        "is not trusted: Hostname mismatch",
    ),
    "no TLS": (
        lambda b: replace(b.user("SWIFTPOST"), security_protocol="SASL_PLAINTEXT"),
        "closes connections of the kind SASL_PLAINTEXT: it may want TLS",
    ),
    "no login": (
        lambda b: Broker(address=b.open),
        "closes connections of the kind PLAINTEXT: it may want TLS, a login",
    ),
    "no client certificate": (
        lambda b: Broker(address=b.certified, security_protocol="SSL", ca_file=str(b.ca_file)),
        "closes connections of the kind SSL: it may want .* a client certificate",
    ),
    "TLS where there is none": (
        lambda b: replace(b.user("SWIFTPOST"), address=b.plain),
        "closes connections of the kind SASL_SSL.*none of them on this port",
    ),
    "login where there is none": (
        lambda b: replace(b.user("SWIFTPOST"), address=b.plain, security_protocol="SASL_PLAINTEXT"),
        "does not take logins with SCRAM-SHA-512 on this port",
    ),
    "mechanism not offered": (
        lambda b: replace(b.user("SWIFTPOST"), sasl_mechanism="SCRAM-SHA-256"),
        "does not take logins with SCRAM-SHA-256",
    ),
}


@pytest.mark.parametrize("broker", LET_IN.values(), ids=LET_IN)
async def test_who_has_what_it_takes_is_let_in(
    secured: SecuredBroker, broker: Callable[[SecuredBroker], Broker]
) -> None:
    await require_broker(broker(secured))


@pytest.mark.parametrize(("broker", "text"), REFUSED.values(), ids=REFUSED)
async def test_the_refusal_says_what_is_wrong(
    secured: SecuredBroker, broker: Callable[[SecuredBroker], Broker], text: str
) -> None:
    with pytest.raises(BrokerError, match=text) as raised:
        await require_broker(broker(secured))
    assert password_of("SWIFTPOST") not in str(raised.value)


async def test_a_broker_that_says_nothing_is_told(unused_tcp_port: int) -> None:
    with pytest.raises(BrokerError, match="no Kafka broker answers"):
        await require_broker(f"127.0.0.1:{unused_tcp_port}")


def test_the_password_is_in_no_text_of_a_connection(secured: SecuredBroker) -> None:
    user = secured.user("SWIFTPOST")
    assert password_of("SWIFTPOST") not in f"{user} {user!r}"
