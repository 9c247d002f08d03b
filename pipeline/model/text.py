"""Texts of senders as they may be shown."""

VALUE_CHARACTERS_MAX = 80


def shown(value: str, characters_max: int = VALUE_CHARACTERS_MAX) -> str:
    """A value as it may be shown: shortened, and without characters that act on a screen."""
    short = value if len(value) <= characters_max else f"{value[:characters_max]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)
