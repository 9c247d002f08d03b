"""One version for all reference data that ship with a release."""

from functools import cache
from hashlib import sha256

from pipeline.reference.codes import DATA_FOLDER


@cache
def reference_version() -> str:
    """Digest of the code lists and exchange rates: it changes with any of them."""
    digest = sha256()
    for path in sorted(DATA_FOLDER.iterdir()):
        if path.suffix != ".md":
            digest.update(f"{path.name}\n".encode())
            digest.update(path.read_bytes())
    return f"ref-{digest.hexdigest()[:12]}"
