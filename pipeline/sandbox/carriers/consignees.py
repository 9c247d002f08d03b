"""Invented people and firms, written as JSON text."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from pipeline.sandbox.carriers.catalogue import Catalogue
from pipeline.sandbox.carriers.twists import Twist

COMPANY_SHARE = 0.03
HOUSE_NUMBER_MAX = 180
POSTCODE_LETTERS = "ABDEFGHJLNPQRTUWXYZ"
"""Without S: the Netherlands leave out SA, SD and SS."""

T = TypeVar("T")


class ConsigneeWriter:
    """Writes consignees: a new one at a new address each time."""

    def __init__(self, random: Random, catalogue: Catalogue) -> None:
        self._random = random.random
        self._given = catalogue.people.given
        self._family = catalogue.people.family
        self._companies = catalogue.companies
        self._places = catalogue.places
        self._streets = catalogue.streets
        self._postcodes_abroad = {
            country: shops[0].postcode for country, shops in catalogue.shops.items()
        }

    def anybody(self, country: str, twist: Twist) -> str:
        """A person, or now and then a firm."""
        if self._random() < COMPANY_SHARE and twist.name is None:
            number = int(self._random() * 10**9)
            identification = f',"person_type":"legal","identification":"{country}{number:09}"'
            return self._party(self._pick(self._companies), country, twist, identification)
        return self.person(country, twist)

    def person(self, country: str, twist: Twist) -> str:
        """A person."""
        name = self._name() if twist.name is None else twist.name
        return self._party(name, country, twist, ',"person_type":"natural"')

    def friend(self, country: str) -> str:
        """A person who sends a gift from abroad."""
        return (
            f'{{"name":"{self._name()}","address":{{"city":"Home Town","country":"{country}",'
            '"street_and_number":"Garden Lane 5",'
            f'"postcode":"{self._postcodes_abroad[country]}"}},"person_type":"natural"}}'
        )

    def _party(self, name: str, country: str, twist: Twist, more: str) -> str:
        place = self._pick(self._places[country])
        street = twist.street_and_number
        if street is None:
            number = 1 + int(self._random() * HOUSE_NUMBER_MAX)
            street = f"{self._pick(self._streets[country])} {number}"
        postcode = self._postcode(place.postcode_pattern)
        return (
            f'{{"name":"{name}","address":{{"city":"{place.city}","country":"{country}",'
            f'"street_and_number":"{street}","postcode":"{postcode}"}}{more}}}'
        )

    def _name(self) -> str:
        return f"{self._pick(self._given)} {self._pick(self._family)}"

    def _postcode(self, pattern: str) -> str:
        draw = int(self._random() * 10**10)
        characters = []
        for character in pattern:
            if character == "#":
                draw, digit = divmod(draw, 10)
                characters.append(str(digit))
            elif character == "@":
                draw, index = divmod(draw, len(POSTCODE_LETTERS))
                characters.append(POSTCODE_LETTERS[index])
            else:
                characters.append(character)
        return "".join(characters)

    def _pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._random() * len(choices))]
