"""`greenlane worker` from the outside."""

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.errors import BrokerError
from pipeline.sandbox.ports import free_port


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_a_missing_broker_is_told_with_what_to_do(host: str) -> None:
    result = CliRunner().invoke(app, ["worker", "--broker", f"{host}:{free_port()}"])
    assert isinstance(result.exception, BrokerError)
    assert "no Kafka broker answers" in str(result.exception)
    assert "greenlane broker" in str(result.exception)
