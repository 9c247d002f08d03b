"""How placeholders are recognised, however they are decorated."""


def squeezed(text: str) -> str:
    """A text without case, spaces, and the marks with which placeholders are decorated."""
    return "".join(text.split()).casefold().strip(".-_*")
