"""How much a broken rule weighs at the moment: the rule book's severity, or an operator's.

An operator changes severities in a YAML file, which is looked at again for every message:

    reason: postcodes of one carrier's system are broken until its release on Monday
    severities: {DQ10: warning, DQ12b: error, DQ13: ignore}
"""

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from pipeline.errors import RuleBookError
from pipeline.intake.finding import Finding
from pipeline.intake.rules import DataRules
from pipeline.model import Severity
from pipeline.model.acknowledgement import SeverityOverride
from pipeline.rulebook.files import read_yaml

log = logging.getLogger(__name__)

IGNORE = "ignore"


class SeverityFile(Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator writes: severities by rule id, and why."""

    reason: str
    severities: dict[str, SeverityOverride]


class Severities(NamedTuple):
    """The severities in force, and the rules they are of."""

    rules: DataRules
    by_id: Mapping[str, Severity]
    """Of every rule that is not ignored."""
    overrides: dict[str, SeverityOverride]
    """Those of the rule book that are changed."""

    def that_count(self, findings: Iterable[Finding]) -> list[Finding]:
        """What was found, without what is ignored."""
        return [finding for finding in findings if finding.rule_id in self.by_id]

    def refuses(self, finding: Finding) -> bool:
        """Whether what was found is an error."""
        return self.by_id[finding.rule_id] is Severity.ERROR


SeveritiesNow = Callable[[], Severities]


def rule_book_severities(rules: DataRules) -> Severities:
    """The severities as the rule book has them."""
    return Severities(rules, {rule.id: rule.severity for rule in rules.by_id.values()}, {})


def read_severities(path: Path, rules: DataRules) -> Severities:
    """The rule book's severities with the changes that stand in a file.

    Raises:
        RuleBookError: the file breaks its format, names an unknown rule, or lowers a locked one.
    """
    overrides = read_yaml(path, SeverityFile).severities
    by_id = dict(rule_book_severities(rules).by_id)
    for rule_id, severity in overrides.items():
        rule = rules.by_id.get(rule_id)
        if rule is None:
            raise RuleBookError(f"{path}: there is no rule {rule_id}; see `greenlane rules`")
        if rule.locked and severity != Severity.ERROR.value:
            raise RuleBookError(f"{path}: {rule_id} must stay an error: {rule.locked}")
        if severity == IGNORE:
            del by_id[rule_id]
        else:
            by_id[rule_id] = Severity(severity)
    return Severities(rules, by_id, dict(sorted(overrides.items())))


def severities_of(path_text: str, rules: DataRules) -> SeveritiesNow:
    """What `severity_file`, a setting, stands for: asked for the severities of the moment.

    Raises:
        RuleBookError: there is a file, but it cannot be used.
    """
    if path_text:
        return WatchedSeverities(Path(path_text), rules)
    constant = rule_book_severities(rules)
    return lambda: constant


class WatchedSeverities:
    """The severities of a file, read again when it has changed.

    A file that cannot be used while the worker runs is logged once; the last good one stays.
    """

    def __init__(self, path: Path, rules: DataRules) -> None:
        self._path = path
        self._rules = rules
        self._stamp = self._look()
        self._severities = read_severities(path, rules)

    def __call__(self) -> Severities:
        """The severities in force now."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._severities = read_severities(self._path, self._rules)
            except RuleBookError as error:
                log.error("severities stay as they were: %s", error)  # noqa: TRY400 - told in full
            else:
                log.warning("severities changed: %s", dict(self._severities.overrides))
        return self._severities

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - a third of the time of Path.stat
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
