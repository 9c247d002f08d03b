"""Keys of parties that do not give away who they are."""

import unicodedata
from hashlib import blake2b

from pipeline.model.parcel import Party


def consignee_key(consignee: Party) -> str:
    """Pseudonymous key of a consignee: same name, postcode and country, same key.

    A party without name is known by its identification. Case, spaces, punctuation and
    compatibility forms of letters make no difference. 24 hex digits.
    """
    address = consignee.address
    name = consignee.name or consignee.identification
    text = f"{name}|{address.postcode or address.city}|{address.country}"
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text)
    plain = "".join(filter(str.isalnum, folded.casefold()))
    return blake2b(plain.encode(), digest_size=12).hexdigest()
