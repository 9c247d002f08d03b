"""How descriptions of goods are read."""

import time

import pytest

from pipeline.intake.descriptions import DescriptionReader
from pipeline.intake.phrases import Phrases
from pipeline.intake.rules import load_data_rules
from pipeline.published_rules import DescriptionPair, read_description_examples

READER = DescriptionReader(load_data_rules(), words_min=2)
READS = 200
PAIRS = read_description_examples().pairs


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.refused)
def test_of_each_published_pair_one_is_at_fault_and_one_is_not(pair: DescriptionPair) -> None:
    assert {"DQ12", "DQ12b"} & set(READER.read(pair.refused).faults)
    assert READER.read(pair.accepted).faults == ()


@pytest.mark.parametrize(("words_min", "warned"), [(0, False), (1, False), (2, True), (3, True)])
def test_how_many_words_are_enough_beside_a_general_term_is_a_setting(
    words_min: int, *, warned: bool
) -> None:
    reader = DescriptionReader(load_data_rules(), words_min)
    assert reader.read("cotton bags").faults == (("DQ12b",) if warned else ())
    assert reader.read("bags").faults == ("DQ12",)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("no commercial value", []),
        ("cotton dress no commercial value", ["cotton", "dress"]),
        ("no commercial dress", ["no", "commercial", "dress"]),
        ("no value no commercial value", ["no", "value"]),
        ("gift item gift", ["gift"]),
    ],
)
def test_phrases_are_found_as_whole_words_the_longest_first(text: str, left: list[str]) -> None:
    phrases = Phrases(["no commercial value", "gift item", "no commercial value please"])
    assert phrases.left_by(text.split()) == left
    assert phrases.within(text.split()) is (left != text.split())


@pytest.mark.parametrize(
    "text",
    [
        "@" * 512,
        "www." * 128,
        "a@" * 256,
        "a@a." * 128,
        "a@" + "b" * 510,
        "+1" * 256,
        "+" + "1 " * 255,
        "x1" * 256,
        "Ã" * 512,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """A message of 1 MiB holds 2,000 of them: patterns that look back would stop a partition."""
    started = time.process_time()
    for _ in range(READS):
        READER._read(text)
    assert (time.process_time() - started) / READS < 0.001
