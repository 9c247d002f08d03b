"""Manifests of simulated carriers, one message at a time: same seed, same bytes."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from pipeline.sandbox.carriers.catalogue import load_catalogue
from pipeline.sandbox.carriers.parcels import ParcelWriter, Written
from pipeline.sandbox.carriers.sender import Sender
from pipeline.sandbox.carriers.truth import MessageKind, ParcelKind, SimulatedMessage

BASE_INSTANT = datetime(2026, 7, 6, 6, tzinfo=UTC)
"""The law of the fortnight after it is enacted in all three jurisdictions of the rule book."""
ISSUED_WITHIN_MINUTES = 13 * 24 * 60
"""Manifests are issued one after the other; after 13 days the simulated time begins anew."""
MINUTES_BETWEEN_MAX = 10
MANIFEST_PARCELS_MIN, MANIFEST_PARCELS_MAX = 50, 500
PART_PARCELS = 250
SINGLE_SHARE = 0.02
SPLIT_AT_ONCE = 2
"""Parcels of a split purchase in one message; one more follows in the next to that country."""

CORRUPTIONS: tuple[Callable[[bytes], bytes], ...] = (
    lambda value: value[: len(value) * 2 // 3],
    lambda value: value.decode().encode("utf-16"),
    lambda value: value.replace(b'"schema_version":1', b'"schema_version":2', 1),
)


class Mix(NamedTuple):
    """Shares of what is planted: of parcels, and of messages. `split` is of purchases."""

    faulty: float = 0.02
    undervalued: float = 0.015
    prohibited: float = 0.004
    split: float = 0.0015
    misdescribed: float = 0.004
    repeat: float = 0.03
    conflict: float = 0.01
    corrupt: float = 0.01


ORDINARY_MIX = Mix()
CLEAN_MIX = Mix(*[0.0] * len(ORDINARY_MIX))


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
        self._minutes = 0.0
        self._split_consignees: defaultdict[str, list[str]] = defaultdict(list)
        """Consignees who still wait for a parcel of their split purchase, by country."""

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
        self._minutes = (
            self._minutes + random.random() * MINUTES_BETWEEN_MAX
        ) % ISSUED_WITHIN_MINUTES
        carrier = random.choice(self._catalogue.carriers)
        sender = self._writer.sender(carrier, random.choice(carrier.destinations))
        single = random.random() < SINGLE_SHARE
        count = 1 if single else random.randint(MANIFEST_PARCELS_MIN, MANIFEST_PARCELS_MAX)
        count = min(count, parcels_max)
        sizes = [count] if count <= PART_PARCELS else [PART_PARCELS, count - PART_PARCELS]
        header = self._header(sender, parts=len(sizes), parcels=count)
        spare = parcels_max - count
        for part, size in enumerate(sizes, start=1):
            message = self._message(sender, header, part, size)
            for sent in self._with_trouble(message, sender, header, part, spare):
                if sent.kind is MessageKind.CONFLICT:
                    spare -= sent.parcels
                yield sent

    def _with_trouble(
        self,
        message: SimulatedMessage,
        sender: Sender,
        header: str,
        part: int,
        parcels_left: int,
    ) -> Iterator[SimulatedMessage]:
        mix = self._mix
        draw = self._random.random()
        if draw < mix.corrupt:
            corrupted = self._random.choice(CORRUPTIONS)(message.value)
            yield SimulatedMessage(message.key, corrupted, message.parcels, MessageKind.CORRUPT, {})
            return
        yield message
        draw -= mix.corrupt
        if draw < mix.repeat:
            yield message._replace(kind=MessageKind.REPEAT)
        elif draw < mix.repeat + mix.conflict and parcels_left:
            value = self._message(sender, header, part, 1).value
            yield SimulatedMessage(message.key, value, 1, MessageKind.CONFLICT, {})

    def _header(self, sender: Sender, *, parts: int, parcels: int) -> str:
        random = self._random
        carrier = sender.carrier
        issued_at = BASE_INSTANT + timedelta(minutes=int(self._minutes))
        departure_at = issued_at + timedelta(hours=1 + int(random.random() * 10))
        arrival_at = departure_at + timedelta(hours=8 + int(random.random() * 6))
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
        waiting = self._split_consignees.pop(sender.destination, [])
        written = [self._writer.split(sender, consignee) for consignee in waiting[:count]]
        while len(written) < count:
            written += self._parcels(sender, count - len(written))
        texts = ",".join([parcel.text for parcel in written])
        return SimulatedMessage(
            f"{sender.carrier.id}/M{self._seed}-{self._number:06}".encode(),
            f'{header},"part":{part},"parcels":[{texts}]}}'.encode(),
            count,
            MessageKind.ORDINARY,
            {parcel.parcel_id: parcel.kind for parcel in written if parcel.kind},
            {parcel.parcel_id: parcel.fault for parcel in written if parcel.fault},
        )

    def _parcels(self, sender: Sender, count_max: int) -> list[Written]:
        """One parcel; of a split purchase, those that go at once."""
        mix, writer = self._mix, self._writer
        draw = self._random.random()
        for kind, share in (
            (ParcelKind.FAULTY, mix.faulty),
            (ParcelKind.UNDERVALUED, mix.undervalued),
            (ParcelKind.PROHIBITED, mix.prohibited),
            (ParcelKind.MISDESCRIBED, mix.misdescribed),
        ):
            if draw < share:
                return [writer.planted(sender, kind)]
            draw -= share
        if draw < mix.split and count_max >= SPLIT_AT_ONCE and sender.has_low_value_limit:
            consignee = writer.splitting_consignee(sender)
            self._split_consignees[sender.destination].append(consignee)
            return [writer.split(sender, consignee) for _ in range(SPLIT_AT_ONCE)]
        return [writer.clean(sender)]


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
