"""Keys of parties that do not give away who they are."""

import unicodedata
from hashlib import blake2b

from pipeline.model.parcel import Party

_ASCII = map(chr, range(128))
_PLAIN = str.maketrans({letter: letter.lower() if letter.isalnum() else None for letter in _ASCII})


def consignee_key(consignee: Party) -> str:
    """Pseudonymous key of a consignee: same name, postcode and country, same key.

    A party without name is known by its identification. Case, spaces, punctuation and
    compatibility forms of letters make no difference. 24 hex digits.
    """
    address = consignee.address
    name = consignee.name or consignee.identification
    text = f"{name}|{address.postcode or address.city}|{address.country}"
    if text.isascii():
        plain = text.translate(_PLAIN)
    else:
        folded = unicodedata.normalize("NFKC", text).casefold()
        plain = "".join(filter(str.isalnum, folded))
    return blake2b(plain.encode(), digest_size=12).hexdigest()
