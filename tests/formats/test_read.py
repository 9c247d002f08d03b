"""Masses, instants and whole numbers as formats write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.read import READERS, MisreadError, kilograms, total


@pytest.mark.parametrize(
    ("text", "unit", "read"),
    [
        ("150", "", "150"),
        ("0.450", "KGM", "0.450"),
        ("450", "g", "0.45"),
        ("1.5", "TNE", "1500"),
        ("1", "LBR", "0.453592"),
        ("0", "G", "0"),
        ("NaN", "G", "NaN"),
        ("heavy", "G", "heavy"),
        ("1e30", "TNE", "1e30"),
        ("9" * 30, "TNE", "9" * 30),
    ],
)
def test_a_mass_is_read_in_kilograms(text: str, unit: str, read: str) -> None:
    """What is no number stays as it is: it is refused where numbers are checked."""
    assert kilograms(text, unit) == read


def test_an_unknown_unit_is_told_with_the_known_ones() -> None:
    with pytest.raises(MisreadError, match="'STN' is none of KGM"):
        kilograms("1", "STN")


@pytest.mark.parametrize(
    ("texts", "read"),
    [(["1.5", "2"], "3.5"), (["1", "x"], None), (["sNaN", "1"], None), (["NaN", "1"], "NaN")],
)
def test_there_is_no_total_of_what_is_no_number(texts: list[str], read: str | None) -> None:
    assert total(texts) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("20221114143931+01", "2022-11-14T14:39:31+01:00"),
        ("20221114143931Z", "2022-11-14T14:39:31Z"),
        ("202211141439", "2022-11-14T14:39:00Z"),
        ("20221114", "2022-11-14T00:00:00Z"),
        ("20221114143931-0330", "2022-11-14T14:39:31-03:30"),
        ("20221114143931+05:45", "2022-11-14T14:39:31+05:45"),
        ("2022-11-14T14:39:31Z", "2022-11-14T14:39:31Z"),
        ("2022111", "2022111"),
        ("٢٠٢٢١١١٤", "٢٠٢٢١١١٤"),
    ],
)
def test_an_instant_of_edifact_becomes_one_of_rfc_3339(text: str, read: str) -> None:
    assert READERS["instant"](text) == read


@pytest.mark.parametrize(
    ("text", "read"), [("50", "50"), ("50.000", "50"), ("50.5", "50.5"), ("50.", "50"), ("x", "x")]
)
def test_a_whole_number_may_have_decimals_of_zero(text: str, read: str) -> None:
    assert READERS["whole"](text) == read


@given(text=st.text(max_size=40), unit=st.sampled_from(["", "KGM", "GRM", "TNE", "LBR"]))
def test_no_text_breaks_a_reader(text: str, unit: str) -> None:
    assert isinstance(kilograms(text, unit), str)
    assert isinstance(total([text, "1"]), str | None)
    for reader in READERS.values():
        assert isinstance(reader(text), str)
