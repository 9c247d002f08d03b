"""`greenlane worker` from the outside."""

import socket

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.errors import BrokerError, SettingsError
from pipeline.sandbox.ports import free_port, is_free


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_a_missing_broker_is_told_with_what_to_do(host: str) -> None:
    result = CliRunner().invoke(app, ["worker", "--broker", f"{host}:{free_port()}"])
    assert isinstance(result.exception, BrokerError)
    assert "no Kafka broker answers" in str(result.exception)
    assert "greenlane broker" in str(result.exception)


def test_a_web_port_that_is_taken_is_told_with_what_to_do() -> None:
    """The second of two workers would be in the way of another program."""
    while not is_free((port := free_port()) + 1):
        pass
    with socket.create_server(("127.0.0.1", port + 1)):
        arguments = ["worker", "--workers", "2", "--web-port", str(port)]
        error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, SettingsError)
    assert f"port {port + 1}: Address already in use" in str(error)
    assert "--web-port" in str(error)


@pytest.mark.parametrize("option", [["--log-level", "LOUD"], ["--web-port", "65536"]])
def test_an_option_out_of_its_range_is_an_unusable_call(option: list[str]) -> None:
    assert CliRunner().invoke(app, ["worker", *option]).exit_code == 2
