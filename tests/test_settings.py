"""Settings from the environment."""

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import read_settings


def test_a_variable_sets_its_field() -> None:
    settings = read_settings({"GREENLANE_WEB_PORT": "7000", "HOME": "/root"})
    assert settings.web_port == 7000
    assert settings.broker == "127.0.0.1:9092"


def test_an_unknown_variable_is_an_error_that_names_it() -> None:
    with pytest.raises(SettingsError, match="GREENLANE_WEBPORT is not a setting"):
        read_settings({"GREENLANE_WEBPORT": "7000"})


def test_a_number_must_be_one() -> None:
    with pytest.raises(SettingsError, match="GREENLANE_WEB_PORT must be a whole number"):
        read_settings({"GREENLANE_WEB_PORT": "http"})


def test_carriers_on_account_are_listed_with_commas_and_spaces() -> None:
    settings = read_settings({"GREENLANE_ON_ACCOUNT_CARRIERS": "AEROPAK, SWIFTPOST,"})
    assert settings.carriers_on_account() == {"AEROPAK", "SWIFTPOST"}
