"""Which vendors may collect tax at sale, and when: an installation's extract of the register.

The register of the import scheme (IOSS) is open to customs authorities alone, so none is shipped.
Without one, a number of the right form counts as active.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

from msgspec import Struct, field

from pipeline.rulebook.files import fault_at, read_yaml


class Registration(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A vendor's number in one period, [from, until)."""

    number: str
    start: date = field(name="from")
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether tax was collected under the number on a day."""
        return self.start <= day and (self.until is None or day < self.until)


class RegisterFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The format of the file. Numbers that begin with `prefix` are active only as it says."""

    prefix: str
    source: str
    vendors: list[Registration]


class VendorRegister:
    """Knows on which days the numbers of one scheme were active."""

    def __init__(
        self, version: str, prefix: str, periods: Mapping[str, Sequence[Registration]]
    ) -> None:
        self.version = version
        """Changes with the file; empty where there is none."""
        self._prefix = prefix
        self._periods = periods

    def is_active(self, number: str, day: date) -> bool:
        """Whether a number was active on a day; those of other schemes are."""
        if not self.version or not number.startswith(self._prefix):
            return True
        return any(period.holds_on(day) for period in self._periods.get(number, ()))

    def beside(self, version: str) -> str:
        """A version of reference data with this one's."""
        return f"{version} {self.version}" if self.version else version


NO_REGISTER = VendorRegister("", "", {})


def vendor_register(file: str) -> VendorRegister:
    """What `vendor_register_file`, a setting, stands for.

    Raises:
        RuleBookError: the file breaks the format, or two periods of a number overlap; names the
            file and the line.
    """
    return read_vendor_register(Path(file)) if file else NO_REGISTER


def read_vendor_register(path: Path) -> VendorRegister:
    """Read and check a register.

    Raises:
        RuleBookError: as for `vendor_register`.
    """
    read = read_yaml(path, RegisterFile)
    if not read.prefix:
        raise fault_at(path, ["prefix"], "the prefix of the scheme's numbers is missing")
    periods: defaultdict[str, list[Registration]] = defaultdict(list)
    for index, entry in enumerate(read.vendors):
        if not entry.number.startswith(read.prefix):
            raise fault_at(path, ["vendors", index], f"{entry.number} is none of the scheme")
        if entry.until is not None and entry.until <= entry.start:
            raise fault_at(path, ["vendors", index], f"{entry.number} ends before it begins")
        if any(_overlap(entry, other) for other in periods[entry.number]):
            raise fault_at(path, ["vendors", index], f"two periods of {entry.number} overlap")
        periods[entry.number].append(entry)
    digest = sha256(path.read_bytes()).hexdigest()[:12]
    return VendorRegister(f"vendors-{digest}", read.prefix, periods)


def _overlap(one: Registration, other: Registration) -> bool:
    return one.holds_on(other.start) or other.holds_on(one.start)
