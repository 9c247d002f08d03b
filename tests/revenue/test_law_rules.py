"""Charges and rules of the law: faults are refused with file, line and id."""

from pathlib import Path
from textwrap import dedent

import pytest

from pipeline.errors import RuleBookError
from pipeline.rulebook import units
from pipeline.rulebook.book import load_rule_book
from tests.revenue.test_rule_book import JURISDICTION, TARIFF

LAW = """
    jurisdiction: XX
    subject: duty
    parameters:
      - id: xx.limit
        title: A limit
        unit: EUR
        legal_basis: A law
        source: A gazette
        values: [{from: 2020-01-01, known: 2020-01-01, value: "150", status: enacted, confidence: high}]
      - id: xx.rate
        title: A rate
        unit: share of value
        legal_basis: A law
        source: A gazette
        values: [{from: 2020-01-01, known: 2020-01-01, value: "0.1", status: enacted, confidence: high}]
    charges:
      - id: duty
        kind: duty
        title: Duty
        rules:
          - id: xx.duty
            title: A duty
            legal_basis: A law
            source: A gazette
            from: 2020-01-01
            known: 2020-01-01
            status: enacted
            confidence: high
            when: {value: [{up_to: xx.limit}]}
            rate: xx.rate
            of: [goods]
      - id: vat
        kind: tax
        title: VAT
        follows: duty
        rules: []
"""  # noqa: E501


def load(folder: Path, old: str, new: str) -> None:
    (folder / "XX").mkdir()
    (folder / "XX" / "jurisdiction.yaml").write_text(dedent(JURISDICTION))
    assert old in LAW
    (folder / "XX" / "duty.yaml").write_text(dedent(LAW.replace(old, new, 1)))
    (folder / "xx.tariff.csv").write_text(TARIFF)
    load_rule_book.__wrapped__(folder)


def test_a_charge_with_a_rule_is_well(tmp_path: Path) -> None:
    load(tmp_path, "of: [goods]", "of: [goods, transport]")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rate: xx.rate", "rate: xx.rat", r"line 31: duty: rate: there is no parameter xx\.rat"),
        ("rate: xx.rate", "rate: xx.limit", r"line 31: duty: rate: xx\.limit is in 'EUR'"),
        ("up_to: xx.limit", "up_to: xx.rate", r"line \d+: duty: value: xx\.rate is in .*'money'"),
        ("up_to: xx.limit", "of: cif", "a value needs exactly one of up_to"),
        ("{up_to: xx.limit}", "{up_to: xx.limit, above: xx.limit}", "needs exactly one of up_to"),
        ("of: [goods]", "of: [goods, vat]", "of: vat is no value and no charge before it"),
        ("            of: [goods]\n", "", "rate or tariff need terms in `of`"),
        ("rate: xx.rate", "nothing: relieved", "rate or tariff need terms in `of`, and others"),
        (
            "rate: xx.rate",
            "rate: xx.rate\n            unknown: why",
            "exactly one of nothing, rate",
        ),
        ("rate: xx.rate", "amount: xx.limit", "amount and per belong together"),
        ("rate: xx.rate", "tariff: yy.tariff", r"there is no tariff table yy\.tariff\.csv"),
        ("{value:", "{free_in: yy.tariff, value:", r"there is no tariff table yy\.tariff\.csv"),
        ("{value:", "{charged: [vat], value:", "charged: vat is no charge before it"),
        ("{value:", "{goods: xx.rate, value:", "goods: xx.rate is in 'share of value'"),
        ("{value:", "{flows: [gifts], value:", "Invalid enum value 'gifts'"),
        ("{value:", "{colour: red, value:", "unknown field `colour`"),
        ("follows: duty", "follows: excise", "vat: follows: excise is no charge before it"),
        ("follows: duty", "rounding: xx.rate", "rounding: xx.rate is in 'share of value'"),
        ("follows: duty", "waived_up_to: xx.rate", "waived_up_to: xx.rate is in"),
        ("id: vat", "id: duty", "duty: this id stands more than once"),
        ("id: vat", "id: goods", "goods: this id stands more than once"),
        ("id: xx.duty", "id: xx.rate", "xx.rate: this id stands more than once in the rule book"),
        (
            "source: A gazette\n            from",
            'source: ""\n            from',
            "source must be given",
        ),
        ("from: 2020-01-01\n", "from: 2020-01-01\n            until: 2019-01-01\n", "ends before"),
        ("kind: tax", "kind: toll", "Invalid enum value 'toll'"),
        ('value: "0.1"', "value: 1.1", "1.1 is not from 0 to 1"),
        ("unit: EUR", "unit: euros", "the unit 'euros' is unknown"),
        ("unit: EUR", "unit: rounding", "'150' is not a rounding such as"),
        ("unit: EUR", "unit: pattern", "duty: value: xx.limit is in 'pattern', not 'money'"),
    ],
)
def test_a_faulty_rule_is_refused_and_its_place_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(RuleBookError, match=said) as refused:
        load(tmp_path, old, new)
    assert "duty.yaml, line " in str(refused.value)


def test_a_pattern_must_be_one() -> None:
    assert units.fault_of("pattern", "[0-9]{7}") == ""
    assert "'(' is not a regular expression" in units.fault_of("pattern", "(")


def test_a_limit_of_the_simplified_procedure_must_exist(tmp_path: Path) -> None:
    (tmp_path / "XX").mkdir()
    entry = dedent(JURISDICTION).replace("limits: []", "limits: [xx.limits]")
    (tmp_path / "XX" / "jurisdiction.yaml").write_text(entry)
    with pytest.raises(RuleBookError, match=r"low_value_limits: there is no parameter xx\.limits"):
        load_rule_book.__wrapped__(tmp_path)


def test_a_folder_without_law_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match="there is no law in it"):
        load_rule_book.__wrapped__(tmp_path)
