"""Being let in by a broker, or saying in plain words why not and what to do."""

import ssl

from aiokafka import errors
from aiokafka.conn import AIOKafkaConnection, collect_hosts, create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from pipeline.errors import BrokerError
from pipeline.stream.connection import Broker, client_arguments

CONNECT_TIMEOUT_MS = 10_000

_NO_SUCH_MECHANISM = (errors.UnsupportedSaslMechanismError, errors.IllegalSaslStateError)
_NOT_ALLOWED = (
    errors.TopicAuthorizationFailedError,
    errors.GroupAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
    errors.TransactionalIdAuthorizationFailed,
)


async def require_broker(broker: Broker | str) -> None:
    """Connect, log in and ask one thing.

    aiokafka's clients log why they cannot connect, and raise an error that does not tell.

    Raises:
        BrokerError: no address of the broker lets us in; says why the last one does not.
    """
    arguments = client_arguments(broker)
    hosts = collect_hosts(arguments.pop("bootstrap_servers"))
    why: Exception = OSError("no address")
    for host, port, _ in hosts:
        try:
            connection: AIOKafkaConnection = await create_conn(
                host, port, request_timeout_ms=CONNECT_TIMEOUT_MS, **arguments
            )
            try:  # a broker that wants a login answers nothing else without one
                await connection.send(MetadataRequest([]))
            finally:
                connection.close()
        except (KafkaError, OSError, TimeoutError, ValueError) as error:
            why = error
        else:
            return
    raise BrokerError(_why_not(broker, why)) from why


def refused(broker: Broker | str, what: str, error: BaseException) -> BrokerError:
    """The error for people when a broker refuses a request.

    Args:
        broker: which broker.
        what: what we wanted to do, such as "publish a manifest".
        error: aiokafka's.
    """
    if isinstance(error, _NOT_ALLOWED):
        return BrokerError(
            f"the broker at {broker} does not allow {user_of(broker)} to {what}; log in as "
            "another user, or have the right granted: `greenlane topics acls` shows who has which"
        )
    return BrokerError(f"could not {what}; the broker at {broker} says: {error}")


def user_of(broker: Broker | str) -> str:
    """The user we are to the broker, in words."""
    if isinstance(broker, Broker) and broker.uses_login:
        return f"the user {broker.username}"
    if isinstance(broker, Broker) and broker.certificate_file:
        return f"the user of {broker.certificate_file}"
    return "a client without login"


def _why_not(broker: Broker | str, why: BaseException) -> str:
    known = Broker(address=broker) if isinstance(broker, str) else broker
    if isinstance(why, ssl.SSLCertVerificationError):
        return (
            f"the certificate of the broker at {known} is not trusted: {why.verify_message}. Name "
            "the certificate of the authority that signed it in GREENLANE_TLS_CA_FILE, and use "
            "the host name that stands in the broker's certificate"
        )
    if isinstance(why, errors.SaslAuthenticationFailed | ValueError):
        return (
            f"the broker at {known} refuses the login of {known.username}: the password is wrong, "
            f"or it has no such user with {known.sasl_mechanism}. Check GREENLANE_SASL_USERNAME "
            "and the password (docs/security.md)"
        )
    if isinstance(why, _NO_SUCH_MECHANISM):
        return (
            f"the broker at {known} does not take logins with {known.sasl_mechanism} on this port; "
            "check the port, GREENLANE_SASL_MECHANISM and GREENLANE_SECURITY_PROTOCOL"
        )
    if isinstance(why, ssl.SSLError | ConnectionResetError | errors.KafkaConnectionError):
        return (
            f"the broker at {known} closes connections of the kind {known.security_protocol}: it "
            "may want TLS, a login or a client certificate, or none of them on this port. Check "
            "GREENLANE_SECURITY_PROTOCOL and the port (docs/security.md)"
        )
    if isinstance(why, TimeoutError):
        return f"the broker at {known} does not answer within {CONNECT_TIMEOUT_MS // 1000} s"
    return (
        f"no Kafka broker answers at {known}; start one with `greenlane broker`, or name "
        "another with --broker HOST:PORT"
    )
