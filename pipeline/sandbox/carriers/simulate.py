"""Manifests of simulated carriers, one message at a time: same seed, same bytes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from pipeline.sandbox.carriers.catalogue import load_catalogue
from pipeline.sandbox.carriers.parcels import SPLIT_PARCELS, ParcelWriter, Sender
from pipeline.sandbox.carriers.truth import MessageKind, ParcelKind, SimulatedMessage

BASE_INSTANT = datetime(2026, 7, 6, 6, tzinfo=UTC)
"""The law of the fortnight after it is enacted in all three jurisdictions of the rule book."""
SPREAD_HOURS = 14 * 24
MANIFEST_PARCELS_MIN, MANIFEST_PARCELS_MAX = 50, 400
PART_PARCELS = 250
SINGLE_SHARE = 0.02


class Mix(NamedTuple):
    """Shares of what is planted: of parcels, and of messages."""

    faulty: float = 0.02
    undervalued: float = 0.015
    prohibited: float = 0.004
    split: float = 0.0015
    misdescribed: float = 0.004
    repeat: float = 0.03
    conflict: float = 0.01
    corrupt: float = 0.01


ORDINARY_MIX = Mix()


def simulate(parcels: int, seed: int, mix: Mix = ORDINARY_MIX) -> Iterator[SimulatedMessage]:
    """Messages that together announce exactly `parcels` parcels; repeats do not count."""
    return Simulation(seed, mix).messages(parcels)


class Simulation:
    """The messages of one seed."""

    def __init__(self, seed: int, mix: Mix = ORDINARY_MIX) -> None:
        self._seed = seed
        self._mix = mix
        self._random = Random(seed)  # noqa: S311 - reproducible on purpose
        self._catalogue = load_catalogue()
        self._writer = ParcelWriter(self._random, self._catalogue)
        self._number = 0

    def messages(self, parcels: int) -> Iterator[SimulatedMessage]:
        """Messages that announce `parcels` more parcels."""
        left = parcels
        while left:
            for message in self._manifest(left):
                left -= message.announced
                yield message

    def _manifest(self, parcels_max: int) -> Iterator[SimulatedMessage]:
        """One manifest in one or two parts, perhaps with trouble; at most `parcels_max` parcels."""
        random = self._random
        self._number += 1
        carrier = random.choice(self._catalogue.carriers)
        sender = self._writer.sender(carrier, random.choice(carrier.destinations))
        single = random.random() < SINGLE_SHARE
        count = 1 if single else random.randint(MANIFEST_PARCELS_MIN, MANIFEST_PARCELS_MAX)
        count = min(count, parcels_max)
        sizes = [count] if count <= PART_PARCELS else [PART_PARCELS, count - PART_PARCELS]
        header = self._header(sender, parts=len(sizes), parcels=count)
        for part, size in enumerate(sizes, start=1):
            message = self._message(sender, header, part, size)
            yield from self._with_trouble(message, sender, header, part, parcels_max - count)

    def _with_trouble(
        self,
        message: SimulatedMessage,
        sender: Sender,
        header: str,
        part: int,
        parcels_left: int,
    ) -> Iterator[SimulatedMessage]:
        draw = self._random.random()
        if draw < self._mix.corrupt:
            cut = message.value[: len(message.value) * 2 // 3]
            yield message._replace(value=cut, kind=MessageKind.CORRUPT, planted={})
            return
        yield message
        draw -= self._mix.corrupt
        if draw < self._mix.repeat:
            yield message._replace(kind=MessageKind.REPEAT)
        elif draw < self._mix.repeat + self._mix.conflict and parcels_left:
            other = self._message(sender, header, part, 1)
            yield other._replace(kind=MessageKind.CONFLICT, planted={})

    def _header(self, sender: Sender, *, parts: int, parcels: int) -> str:
        random = self._random
        carrier = sender.carrier
        departure_at = BASE_INSTANT + timedelta(hours=12 + int(random.random() * SPREAD_HOURS))
        arrival_at = departure_at + timedelta(hours=8 + int(random.random() * 6))
        issued_at = departure_at - timedelta(hours=1 + int(random.random() * 10))
        return (
            f'{{"schema_version":1,"carrier":"{carrier.id}",'
            f'"manifest_id":"M{self._seed}-{self._number:06}","version":1,'
            f'"issued_at":"{_instant(issued_at)}",'
            f'"destination_country":"{sender.destination}",'
            f'"transport_mode":"{"mail" if carrier.postal else "air"}",'
            f'"departure_at":"{_instant(departure_at)}",'
            f'"estimated_arrival_at":"{_instant(arrival_at)}",'
            f'"conveyance_reference":"{carrier.id[:2]}{100 + int(random.random() * 900)}",'
            f'"parts":{parts},"declared_parcel_count":{parcels}'
        )

    def _message(self, sender: Sender, header: str, part: int, count: int) -> SimulatedMessage:
        planted: dict[str, ParcelKind] = {}
        texts: list[str] = []
        while len(texts) < count:
            for parcel_id, text, kind in self._parcels(sender, count - len(texts)):
                texts.append(text)
                if kind:
                    planted[parcel_id] = kind
        value = f'{header},"part":{part},"parcels":[{",".join(texts)}]}}'.encode()
        key = f"{sender.carrier.id}/M{self._seed}-{self._number:06}".encode()
        return SimulatedMessage(key, value, count, MessageKind.ORDINARY, planted)

    def _parcels(
        self, sender: Sender, count_max: int
    ) -> Iterator[tuple[str, str, ParcelKind | None]]:
        """One parcel; of a split purchase, all its parcels."""
        mix = self._mix
        draw = self._random.random()
        for kind, share in (
            (ParcelKind.FAULTY, mix.faulty),
            (ParcelKind.UNDERVALUED, mix.undervalued),
            (ParcelKind.PROHIBITED, mix.prohibited),
            (ParcelKind.MISDESCRIBED, mix.misdescribed),
        ):
            if draw < share:
                yield (*self._writer.planted(sender, kind), kind)
                return
            draw -= share
        if draw < mix.split and count_max >= SPLIT_PARCELS:
            for parcel in self._writer.split(sender):
                yield (*parcel, ParcelKind.SPLIT)
            return
        yield (*self._writer.clean(sender), None)


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
