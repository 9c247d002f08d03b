"""One file for each family; whoever adds a file adds a family."""

from importlib import import_module
from pkgutil import iter_modules

from tests.chaos.family import Family


def families() -> dict[str, Family]:
    """All families by name."""
    names = sorted(module.name for module in iter_modules(__path__))
    found = [import_module(f"{__name__}.{name}").FAMILY for name in names]
    return {family.name: family for family in found}
