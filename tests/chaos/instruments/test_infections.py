"""Every mutant has its infection, and every infection is a mutant."""

from tests.chaos.instruments.infections import INFECTIONS
from tests.chaos.mutants import MUTANTS


def test_mutants_and_infections_have_the_same_names():
    assert MUTANTS.keys() == INFECTIONS.keys()
