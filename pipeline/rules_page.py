"""docs/rules.md: the published rule book, and the risk rules, as one page."""

from collections.abc import Iterable, Iterator

from pipeline.assess.rules import load_risk_rules
from pipeline.intake.rules import DataRule
from pipeline.published_rules import PublishedRules, published_rules

CODES_SHOWN_MAX = 300
INTRO = """\
What a manifest must hold, what is checked, and how to mend what is wrong. `greenlane check FILE`
tells what would be refused, `greenlane rules --json` prints all of this for machines.

An error refuses the parcel, or the whole manifest where it stands in the manifest's own fields; a
warning lets it pass and adds to its risk. Severities may be changed while workers run, see
[operators.md](operators.md); those marked "always" may not be lowered. Every acknowledgement names
the version of the rules and the severities that were changed. Pointers of parcels begin with
`/parcels/<place>`; what came in another format is told by its place there, see
[formats.md](formats.md)."""
RISK_INTRO = """\
Points go into a score of 100 x (1 - product of (1 - points / 100)); a mandatory rule selects
whatever the score."""


def rules_page(title: str, note: str) -> str:
    """The page; `note` says that it is generated."""
    book = published_rules()
    sections = [
        f"# {title}\n\n{note}\n\n{INTRO}\n\nVersion of the data rules: `{book.rules_version}`.",
        *_data_rules(book),
        *_descriptions(book),
        *_fields(book),
        *_code_lists(book),
        *_term_lists(book),
        *_errors(book),
        *_risk_rules(),
    ]
    return "\n\n".join(sections) + "\n"


def _data_rules(book: PublishedRules) -> Iterator[str]:
    yield "## Data rules"
    yield _table(
        ("rule", "severity", "where", "what is wrong", "how to mend it"),
        (
            (rule.id, _severity(rule), _codes(rule.fields), rule.text, rule.correction)
            for rule in book.rules
        ),
    )
    yield "### On what they rest"
    yield _table(
        ("rule", "basis", "of", "source", "limits", "what is not looked at"),
        (
            (
                rule.id,
                rule.basis,
                rule.basis_date,
                rule.source,
                ", ".join(f"{name.replace('_', ' ')}: {n}" for name, n in rule.limits.items()),
                rule.missing,
            )
            for rule in book.rules
        ),
    )


def _severity(rule: DataRule) -> str:
    return f"{rule.severity}, always: {rule.locked}" if rule.locked else rule.severity


def _descriptions(book: PublishedRules) -> Iterator[str]:
    examples = book.descriptions
    yield "## Descriptions of goods"
    yield f"What works: {examples.pattern}. Basis: {examples.basis}."
    yield _table(
        ("instead of", "write"), ((pair.refused, pair.accepted) for pair in examples.pairs)
    )


def _fields(book: PublishedRules) -> Iterator[str]:
    yield "## Fields of a manifest"
    yield "A field is needed where its object is there. Canonical JSON, message version 1."
    yield _table(
        ("field", "form", "needed", "meaning"),
        (
            (f"`{field.pointer}`", field.form, "yes" if field.needed else "", field.meaning)
            for field in book.fields
        ),
    )


def _code_lists(book: PublishedRules) -> Iterator[str]:
    yield "## Code lists"
    for codes in book.code_lists:
        shown = " ".join(codes.codes) if len(codes.codes) <= CODES_SHOWN_MAX else ""
        text = shown or f"{len(codes.codes)} codes; `greenlane rules --json` has them all."
        yield f"**{codes.name.capitalize()}** ({_codes(codes.fields)}): {codes.source}.\n{text}"


def _term_lists(book: PublishedRules) -> Iterator[str]:
    yield "## Lists of words"
    for name, terms in sorted(book.term_lists.items()):
        heading = f"**{name.replace('_', ' ').capitalize()}** ({terms.version}). {terms.basis}."
        origin = f"Source: {terms.source}. Licence: {terms.licence}."
        yield f"{heading} {origin}\n{', '.join(terms.terms)}"


def _errors(book: PublishedRules) -> Iterator[str]:
    yield "## Messages nobody can read"
    yield "They are not acknowledged but kept on `dead-letters`, under one of these codes:"
    yield _table(
        ("code", "what is wrong; how to mend it"),
        ((f"`{code}`", text) for code, text in book.errors.items()),
    )


def _risk_rules() -> Iterator[str]:
    yield "## Risk rules"
    yield RISK_INTRO
    yield _table(
        ("rule", "fires on", "points", "limits", "basis"),
        (
            (
                rule.id,
                rule.title,
                "mandatory" if rule.mandatory else str(rule.points),
                ", ".join(f"{name.replace('_', ' ')}: {v}" for name, v in rule.limits.items()),
                f"{rule.basis} ({rule.status})",
            )
            for rule in sorted(load_risk_rules().by_id.values(), key=lambda rule: rule.id)
        ),
    )


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
