"""From settings to a connection: what is missing or contradicts is told by its variable."""

import dataclasses
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization as form
from typer.testing import CliRunner

from pipeline import manual
from pipeline.cli.main import app
from pipeline.connection import PASSWORD_BYTES_MAX, WITHOUT_LOGIN, broker_of
from pipeline.errors import SettingsError
from pipeline.settings import Settings, read_settings
from pipeline.stream.connection import Broker, client_arguments
from pipeline.stream.settings import StreamSettings

SECRET = "tiger's eye"
LOGIN = {"sasl_username": "SWIFTPOST", "sasl_password": SECRET}


class Pem:
    """Files as an authority gives them out."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1")
        self.authority, self.certificate = folder / "ca.pem", folder / "own.pem"
        self.key, self.nothing = folder / "key.pem", folder / "nothing.pem"
        self.text, self.locked = folder / "text.pem", folder / "locked.pem"
        authority.cert_pem.write_to_path(self.authority)
        issued.cert_chain_pems[0].write_to_path(self.certificate)
        issued.private_key_pem.write_to_path(self.key)
        self.text.write_text("no certificate")
        self.locked.write_bytes(locked(issued.private_key_pem.bytes()))


def locked(key: bytes) -> bytes:
    """The same key with a password."""
    loaded = form.load_pem_private_key(key, None)
    encrypted = form.BestAvailableEncryption(b"password")
    return loaded.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, encrypted)


@pytest.fixture
def pem(tmp_path: Path) -> Pem:
    return Pem(tmp_path)


def connection(**settings: Any) -> Broker:
    return broker_of(Settings(**{name: str(value) for name, value in settings.items()}))


def test_by_default_there_is_no_login_and_no_tls() -> None:
    arguments = client_arguments(connection())
    assert arguments == client_arguments("127.0.0.1:9092")
    assert arguments["security_protocol"] == "PLAINTEXT"
    assert arguments["sasl_plain_password"] is arguments["ssl_context"] is None


def test_login_and_tls_reach_the_client(pem: Pem) -> None:
    broker = connection(security_protocol="SASL_SSL", tls_ca_file=pem.authority, **LOGIN)
    arguments = client_arguments(broker)
    assert arguments["sasl_mechanism"] == "SCRAM-SHA-512"
    assert arguments["sasl_plain_username"] == "SWIFTPOST"
    assert arguments["sasl_plain_password"] == SECRET
    context = arguments["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_password_may_stand_in_a_file(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "password"
    file.write_bytes(f"{SECRET}{ending}".encode())
    broker = connection(
        security_protocol="SASL_PLAINTEXT", sasl_username="A", sasl_password_file=file
    )
    assert broker.password == SECRET


def test_a_client_certificate_may_stand_in_one_file_or_two(pem: Pem) -> None:
    both = pem.certificate.with_name("both.pem")
    both.write_bytes(pem.key.read_bytes() + pem.certificate.read_bytes())
    connection(security_protocol="SSL", tls_certificate_file=both)
    connection(security_protocol="SSL", tls_certificate_file=pem.certificate, tls_key_file=pem.key)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "protocol": ({"security_protocol": "TLS"}, "GREENLANE_SECURITY_PROTOCOL is 'TLS'; it can be"),
    "mechanism": ({"sasl_mechanism": "PLAIN"}, "GREENLANE_SASL_MECHANISM is 'PLAIN'"),
    "no user": ({"security_protocol": "SASL_SSL"}, "SASL_SSL needs GREENLANE_SASL_USERNAME"),
    "no password": (
        {"security_protocol": "SASL_SSL", "sasl_username": "A"},
        "the password in GREENLANE_SASL_PASSWORD_FILE or GREENLANE_SASL_PASSWORD",
    ),
    "user without SASL": (LOGIN, "GREENLANE_SASL_USERNAME is set, but .* nobody would log in"),
    "user with TLS alone": (LOGIN | {"security_protocol": "SSL"}, "nobody would log in"),
    "CA without TLS": ({"tls_ca_file": "x"}, "nothing would be encrypted"),
    "key without certificate": (
        {"security_protocol": "SSL", "tls_key_file": "x"},
        "GREENLANE_TLS_KEY_FILE needs GREENLANE_TLS_CERTIFICATE_FILE",
    ),
    "password twice": (
        LOGIN | {"security_protocol": "SASL_SSL", "sasl_password_file": "x"},
        "are both set; keep one",
    ),
    "no password file": (
        {"security_protocol": "SASL_SSL", "sasl_username": "A", "sasl_password_file": "/no/file"},
        "GREENLANE_SASL_PASSWORD_FILE: /no/file cannot be read: No such file",
    ),
}


@pytest.mark.parametrize(("settings", "text"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_by_its_variable(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingsError, match=text) as raised:
        connection(**settings)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"\xffsecret", "it is not UTF-8 text"), (b"x" * (PASSWORD_BYTES_MAX + 1), "more than 4096")],
)
def test_an_unusable_password_file_is_named_and_not_quoted(
    tmp_path: Path, content: bytes, text: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=text) as raised:
        connection(security_protocol="SASL_SSL", sasl_username="A", sasl_password_file=file)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "files",
    [
        {"tls_ca_file": "nothing"},
        {"tls_ca_file": "text"},
        {"tls_certificate_file": "certificate"},
        {"tls_certificate_file": "text"},
        {"tls_certificate_file": "certificate", "tls_key_file": "locked"},
    ],
)
def test_an_unusable_tls_file_is_named(pem: Pem, files: dict[str, str]) -> None:
    """A missing key, a text, and a key with a password, which OpenSSL would ask for."""
    paths = {setting: getattr(pem, name) for setting, name in files.items()}
    with pytest.raises(SettingsError) as raised:
        connection(security_protocol="SSL", **paths)
    for setting, path in paths.items():
        assert f"GREENLANE_{setting.upper()}={path}" in str(raised.value)


def test_secrets_stand_in_no_text() -> None:
    """Neither of settings, nor of connections, nor of what the stream core is told."""
    settings = Settings(
        security_protocol="SASL_PLAINTEXT",
        selection_salt=SECRET,
        **LOGIN,  # type: ignore[arg-type]
    )
    broker = broker_of(settings)
    stream = StreamSettings(broker=broker, application_id="a", worker_id="w")
    for shown in (settings, broker, stream, dataclasses.replace(settings, web_port=1)):
        assert SECRET not in f"{shown} {shown!r}"


def test_the_password_is_no_option_and_has_no_default_to_show() -> None:
    """Who lists processes would read it."""
    for command in ("worker", "watch", "ledger", "publish", "simulate", "demo"):
        assert "password" not in CliRunner().invoke(app, [command, "--help"]).stdout.lower()
    assert "| `GREENLANE_SASL_PASSWORD` | `` |" in manual.settings_page()


def test_an_environment_without_login_overrules_any_other() -> None:
    variables = {"GREENLANE_SECURITY_PROTOCOL": "SASL_SSL", "GREENLANE_SASL_USERNAME": "A"}
    assert broker_of(read_settings(variables | WITHOUT_LOGIN)) == Broker(address="127.0.0.1:9092")


@pytest.mark.parametrize(
    ("listed", "carriers"), [("", set()), ("A", {"A"}), (" A.1 , b-2,, ", {"A.1", "b-2"})]
)
def test_carriers_apart_are_listed_with_commas(listed: str, carriers: set[str]) -> None:
    assert Settings(carriers_with_topics=listed).carriers_apart() == carriers


@pytest.mark.parametrize("carrier", ["-A", "A B", "A/B", "Ä", "A" * 36])
def test_what_is_no_carrier_id_is_no_part_of_a_topics_name(carrier: str) -> None:
    with pytest.raises(SettingsError, match=r"_TOPICS: .* is no carrier id"):
        Settings(carriers_with_topics=f"B,{carrier}").carriers_apart()
