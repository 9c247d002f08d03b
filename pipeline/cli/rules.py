"""`greenlane rules`: the rule book as the trade reads it."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.options import AsJson
from pipeline.intake.rules import DataRule
from pipeline.published_rules import published_rules


def rules(
    rule_id: Annotated[
        str, typer.Argument(metavar="[RULE]", help="One rule, such as DQ12, in full.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show the data rules: what is checked in a manifest, and how to mend what is wrong.

    For example:

        greenlane rules
        greenlane rules DQ12
        greenlane rules --json > rules.json

    With --json: fields, code lists, rules with their examples, lists of words, error codes, and
    descriptions that are refused and accepted. The same stands in docs/rules.md.
    """
    book = published_rules()
    wanted = [rule for rule in book.rules if rule_id in ("", rule.id)]
    if not wanted:
        raise typer.BadParameter(f"there is no rule {rule_id}; see `greenlane rules`")
    if as_json:
        typer.echo(msgspec.json.encode(wanted[0] if rule_id else book).decode())
    elif rule_id:
        _print_rule(wanted[0])
    else:
        _print_table(wanted, book.rules_version)


def _print_table(rules_: list[DataRule], version: str) -> None:
    table = Table("rule", "severity", "what is wrong", caption=f"version {version}", box=None)
    for rule in rules_:
        table.add_row(rule.id, _severity(rule), rule.text)
    Console(highlight=False).print(table)


def _print_rule(rule: DataRule) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{rule.id} ({_severity(rule)}): {rule.text}", style="bold")
    for name, text in (
        ("where", ", ".join(rule.fields)),
        ("to mend it", rule.correction),
        ("basis", f"{rule.basis} ({rule.basis_date}; {rule.source})"),
        ("always an error", rule.locked),
        ("limits", ", ".join(f"{name} {value}" for name, value in rule.limits.items())),
        ("not looked at", rule.missing),
    ):
        if text:
            console.print(f"{name}: {text}")
    for name, examples in (("accepted", rule.accepted), ("refused", rule.rejected)):
        console.print(f"{name}, as changes to an ordinary manifest:")
        for example in examples:
            console.print(f"  {msgspec.json.encode(example).decode()}")


def _severity(rule: DataRule) -> str:
    return f"{rule.severity}, always" if rule.locked else rule.severity
