"""From the settings of an installation to the connection to its broker."""

from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.settings import Settings
from pipeline.stream.connection import (
    PLAINTEXT,
    SASL_MECHANISMS,
    SECURITY_PROTOCOLS,
    Broker,
    tls_context,
)

PASSWORD_BYTES_MAX = 4_096
WITHOUT_LOGIN = {
    "GREENLANE_SECURITY_PROTOCOL": PLAINTEXT,
    "GREENLANE_SASL_USERNAME": "",
    "GREENLANE_SASL_PASSWORD": "",
    "GREENLANE_SASL_PASSWORD_FILE": "",
    "GREENLANE_TLS_CA_FILE": "",
    "GREENLANE_TLS_CERTIFICATE_FILE": "",
    "GREENLANE_TLS_KEY_FILE": "",
}
"""Environment of workers on a broker without security, whatever else the environment says."""


def broker_of(settings: Settings) -> Broker:
    """How to reach the broker and log in, with everything read and checked that can be.

    Raises:
        SettingsError: a setting is missing, contradicts another, or names an unusable file.
    """
    _check_choice("SECURITY_PROTOCOL", settings.security_protocol, SECURITY_PROTOCOLS)
    _check_choice("SASL_MECHANISM", settings.sasl_mechanism, SASL_MECHANISMS)
    broker = Broker(
        address=settings.broker,
        security_protocol=settings.security_protocol,
        sasl_mechanism=settings.sasl_mechanism,
        username=settings.sasl_username,
        password=_password(settings),
        ca_file=settings.tls_ca_file,
        certificate_file=settings.tls_certificate_file,
        key_file=settings.tls_key_file,
    )
    _check_login(broker)
    _check_tls(broker)
    return broker


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SettingsError(f"GREENLANE_{name} is {value!r}; it can be {', '.join(known)}")


def _password(settings: Settings) -> str:
    if not settings.sasl_password_file:
        return settings.sasl_password
    if settings.sasl_password:
        raise SettingsError(
            "GREENLANE_SASL_PASSWORD and GREENLANE_SASL_PASSWORD_FILE are both set; keep one"
        )
    path = Path(settings.sasl_password_file)
    try:
        with path.open("rb") as file:
            text = file.read(PASSWORD_BYTES_MAX + 1)
        if len(text) > PASSWORD_BYTES_MAX:
            raise SettingsError(
                f"GREENLANE_SASL_PASSWORD_FILE: {path} has more than {PASSWORD_BYTES_MAX} bytes; "
                "it should hold the password alone"
            )
        return text.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        # Not the error itself: that of a decoder quotes what it could not decode.
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            f"GREENLANE_SASL_PASSWORD_FILE: {path} cannot be read: {reason}"
        ) from None


def _check_login(broker: Broker) -> None:
    if broker.uses_login and not (broker.username and broker.password):
        raise SettingsError(
            f"{broker.security_protocol} needs GREENLANE_SASL_USERNAME, and the password in "
            "GREENLANE_SASL_PASSWORD_FILE or GREENLANE_SASL_PASSWORD"
        )
    if broker.username and not broker.uses_login:
        raise SettingsError(
            "GREENLANE_SASL_USERNAME is set, but GREENLANE_SECURITY_PROTOCOL is "
            f"{broker.security_protocol}: nobody would log in; use SASL_SSL"
        )


def _check_tls(broker: Broker) -> None:
    if broker.key_file and not broker.certificate_file:
        raise SettingsError("GREENLANE_TLS_KEY_FILE needs GREENLANE_TLS_CERTIFICATE_FILE too")
    if not broker.uses_tls:
        if broker.ca_file or broker.certificate_file:
            raise SettingsError(
                "TLS files are named, but GREENLANE_SECURITY_PROTOCOL is "
                f"{broker.security_protocol}: nothing would be encrypted; use SASL_SSL or SSL"
            )
        return
    try:
        tls_context(broker)
    except (OSError, ValueError) as error:
        named = {
            "GREENLANE_TLS_CA_FILE": broker.ca_file,
            "GREENLANE_TLS_CERTIFICATE_FILE": broker.certificate_file,
            "GREENLANE_TLS_KEY_FILE": broker.key_file,
        }
        files = ", ".join(f"{name}={file}" for name, file in named.items() if file)
        raise SettingsError(f"the TLS files cannot be used ({files}): {error}") from error
