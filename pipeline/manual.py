"""The generated pages of `docs/`: settings, errors, limits, rules.

`python -m pipeline.manual` writes them, `--check` fails when one is out of date.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

from pipeline import settings
from pipeline.deadlines_page import deadlines_page
from pipeline.errors import ERROR_TEXTS
from pipeline.event_codes_page import event_codes_page
from pipeline.formats.page import formats_page
from pipeline.limits import field_limits, limits
from pipeline.rules_page import rules_page
from pipeline.scores_page import scores_page
from pipeline.settings import Settings

DOCS_FOLDER = Path(__file__).parents[1] / "docs"
FIELDS_INTRO = """\
A parcel with a field above its limit is refused (DQ01, or the rule of the field); in the header of
a manifest, an inspection result or a payment, the message is a dead letter `invalid_message`.
"""
NOTE = "<!-- Made by `python -m pipeline.manual` (`make reference`); do not edit. -->"


def settings_page() -> str:
    """Every setting with its variable, default and meaning."""
    meanings = _attribute_docstrings(Settings)
    rows = (
        f"| `GREENLANE_{field.name.upper()}` | `{field.default}` | {meanings[field.name]} |"
        for field in fields(Settings)
    )
    intro = "Environment variables of the workers. An unknown `GREENLANE_` variable is an error."
    return _page("Settings", intro, "| variable | default | meaning |\n|---|---|---|", rows)


def errors_page() -> str:
    """Every error code of dead letters and what to do about it."""
    rows = (f"| `{code}` | {text} |" for code, text in ERROR_TEXTS.items())
    intro = (
        "Codes on `dead-letters` (header `error_code`). The header `error_text` says more, the "
        "value holds the original bytes. Faults of single parcels come as acknowledgements; their "
        "rules stand in [rules.md](rules.md)."
    )
    return _page("Error codes", intro, "| code | what is wrong; how to mend it |\n|---|---|", rows)


def limits_page() -> str:
    """Every limit on what comes in."""
    intro = (
        "What comes in is limited, and what exceeds a limit is told and counted, never cut. Each "
        "is tested one above and one below. What they protect from stands in "
        "[security.md](security.md)."
    )
    rows = (f"| {what} | {most} | {beyond} |" for what, most, beyond in limits())
    by_field = (f"| {message} | `{field}` | {most} |" for message, field, most in field_limits())
    return "\n".join(
        [
            _page("Limits", intro, "| what | at most | beyond it |\n|---|---|---|", rows),
            "## Fields\n",
            FIELDS_INTRO,
            "| message | field | at most |\n|---|---|---|",
            *by_field,
            "",
        ]
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "limits.md": limits_page,
    "rules.md": lambda: rules_page("Rules", NOTE),
    "formats.md": lambda: formats_page(NOTE),
    "scores.md": lambda: scores_page(NOTE),
    "deadlines.md": lambda: deadlines_page(NOTE),
    "acknowledgements.md": lambda: event_codes_page(NOTE),
}


def main(arguments: Sequence[str], folder: Path = DOCS_FOLDER) -> int:
    """Write the pages, or with `--check` compare them; exit status."""
    stale = []
    for name, page in PAGES.items():
        path, text = folder / name, page()
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `make reference`\n")
    return 1 if stale else 0


def _page(title: str, intro: str, head: str, rows: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", NOTE, "", intro, "", head, *rows, ""])


def _attribute_docstrings(class_: type) -> dict[str, str]:
    """The strings below the attributes of a class, which Python itself does not keep."""
    tree = ast.parse(inspect.getsource(settings))
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == class_.__name__
    )
    found = {}
    for attribute, below in pairwise(body):
        if (
            isinstance(attribute, ast.AnnAssign)
            and isinstance(attribute.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[attribute.target.id] = str(below.value.value)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
