"""Workers are killed while an account is used up and while money comes back to it."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest
from typer.testing import CliRunner

from pipeline.accounts.balance import Account
from pipeline.cli.main import app
from pipeline.decide.purse import Slice
from pipeline.model import (
    AccountOrder,
    AccountOrderKind,
    Decision,
    InspectionResult,
    InspectionVerdict,
    Outcome,
    manifest_key,
)
from tests.builders import consignee, manifest, parcel
from tests.chaos.reader import Read, read_all
from tests.installation.installation import Installation, Raw, installed, send, settled

CARRIER, KEY = "BANKER", "BANKER/EUR"
NOW = datetime(2026, 7, 7, 12, tzinfo=UTC)
EACH = Decimal("9.06")
MANIFESTS, PARCELS = 40, 20
LIMIT = EACH * 500 + 5
KILLS = 2
DEADLINE_S = 90.0
OUTCOMES = ("release", "inspection", "revenue")


class Books(NamedTuple):
    """What stands on the topics about one account."""

    decisions: dict[str, Decision]
    """The last one on each parcel."""
    account: Account
    slices: list[Slice]

    @property
    def held_by_decisions(self) -> Decimal:
        revenues = [decision.revenue for decision in self.decisions.values()]
        return sum((r.account_used + r.account_reserved for r in revenues), Decimal(0))

    @property
    def held(self) -> Decimal:
        return sum((own.held for own in self.slices), Decimal(0))

    @property
    def at_rest(self) -> bool:
        """No money is on its way between the account and the partitions."""
        free = sum((own.free for own in self.slices), Decimal(0))
        return self.account.lent == self.held + free

    @property
    def left(self) -> Decimal:
        return self.account.available + sum((own.free for own in self.slices), Decimal(0))


async def books(installation: Installation) -> Books:
    """Read everything that is committed."""
    decisions: dict[str, Decision] = {}
    account, slices = Account(), dict[int, Slice]()
    topics = (*OUTCOMES, "accounts-changelog", "decide-changelog")
    async for record in read_all(installation.broker, installation.prefix, topics):
        if record.topic in OUTCOMES:
            decision = msgspec.json.decode(record.value or b"", type=Decision)
            before = decisions.get(decision.parcel_id)
            if before is None or before.event_number < decision.event_number:
                decisions[decision.parcel_id] = decision
        elif record.key == b"s" + KEY.encode():
            account = msgspec.msgpack.decode(_entry(record), type=Account)
        elif record.key == b"s/" + KEY.encode():
            packed = msgspec.msgpack.decode(_entry(record), type=bytes)
            slices[record.partition] = msgspec.msgpack.decode(packed, type=Slice)
    return Books(decisions, account, list(slices.values()))


def _entry(record: Read) -> msgspec.Raw:
    entry: msgspec.Raw = msgspec.msgpack.decode(record.value or b"", type=tuple[None, msgspec.Raw])[
        1
    ]
    return entry


async def killing(installation: Installation, random: Random) -> None:
    """Kill workers now and then; each is started again."""
    for _ in range(KILLS):
        await asyncio.sleep(random.uniform(0.2, 1.0))
        random.choice(installation.pool.workers).kill()
        await installation.pool.until_ready()


async def books_at_rest(
    installation: Installation, outcome: Outcome | None = None, parcels: int = 0
) -> Books:
    """The books once so many parcels have an outcome, and no money is on its way."""
    end_s = asyncio.get_running_loop().time() + DEADLINE_S
    while True:
        found = await books(installation)
        ended = [each for each in found.decisions.values() if each.outcome is outcome]
        is_over = len(ended) >= parcels and found.at_rest
        if is_over or asyncio.get_running_loop().time() > end_s:
            return found
        await asyncio.sleep(0.2)


@pytest.fixture
def installation(broker: str, tmp_path: Path) -> Iterator[Installation]:
    """Two workers on four partitions that draw every tenth parcel for inspection."""
    prefix = f"t{uuid4().hex[:8]}."
    drawn = {"GREENLANE_RANDOM_SELECTION_PER_MILLION": "100000"}
    with installed(broker, prefix, tmp_path, workers=2, partitions=4, settings=drawn) as running:
        yield running


def ordered() -> Raw:
    order = AccountOrder(
        order_id="A-1",
        carrier=CARRIER,
        currency="EUR",
        kind=AccountOrderKind.LIMIT,
        amount=LIMIT,
        ordered_at=NOW,
    )
    return Raw(KEY.encode(), msgspec.json.encode(order), None, "accounts")


def announced(number: int) -> Raw:
    """A manifest of parcels that owe EUR 9.06 each, all to different consignees."""
    parcels = [
        parcel(parcel_id=f"P{number}-{n}", consignee=consignee(name=f"Anna Schneider {number}-{n}"))
        for n in range(PARCELS)
    ]
    document = manifest(carrier=CARRIER, manifest_id=f"B-{number}", parcels=parcels)
    key = manifest_key(CARRIER, document.manifest_id).encode()
    return Raw(key, msgspec.json.encode(document), PARCELS)


def prohibited(parcel_id: str) -> Raw:
    result = InspectionResult(
        result_id=parcel_id,
        carrier=CARRIER,
        parcel_id=parcel_id,
        verdict=InspectionVerdict.PROHIBITED,
        inspected_at=NOW,
        officer="officer-1",
    )
    key = f"{CARRIER}/{parcel_id}".encode()
    return Raw(key, msgspec.json.encode(result), None, "inspections")


async def use_up(installation: Installation) -> Books:
    """More parcels than the account can secure, while workers are killed."""
    await send(installation, [ordered()])
    await asyncio.gather(
        send(installation, map(announced, range(MANIFESTS)), pause_s=0.05),
        killing(installation, Random(11)),
    )
    ledger, _ = await settled(installation, announced=MANIFESTS * PARCELS)
    assert ledger.closed, ledger
    return await books_at_rest(installation)


async def give_back(installation: Installation, inspected: list[str]) -> Books:
    """All that is under inspection is found prohibited, while workers are killed."""
    await asyncio.gather(
        send(installation, map(prohibited, inspected), pause_s=0.01),
        killing(installation, Random(12)),
    )
    return await books_at_rest(installation, Outcome.REFUSED, len(inspected))


def test_killed_workers_leave_the_balance_exact(installation: Installation) -> None:
    """Used up to the last parcel that fits, never beyond; what comes back is there to the cent."""
    with asyncio.Runner() as runner:
        used = runner.run(use_up(installation))
        assert len(used.decisions) == MANIFESTS * PARCELS
        assert used.held_by_decisions == used.held == LIMIT - used.left
        assert 0 <= used.left < EACH
        inspected = [
            parcel_id
            for parcel_id, decision in used.decisions.items()
            if decision.outcome is Outcome.INSPECTION
        ]
        assert inspected
        after = runner.run(give_back(installation, inspected))
    back = sum((used.decisions[each].revenue.account_reserved for each in inspected), Decimal(0))
    assert back > 0
    assert after.held_by_decisions == after.held == used.held - back
    assert after.left == used.left + back
    _check_statement(installation, after)
    _check_declaration(installation, after)


def _check_statement(installation: Installation, after: Books) -> None:
    """The statement of the month, which reads public topics alone, says the same."""
    where = ["--broker", installation.broker, "--topic-prefix", installation.prefix]
    called = ["statement", CARRIER, "--period", "2026-07", *where]
    told = CliRunner().invoke(app, [*called, "--json"])
    assert told.exit_code == 0, told.output
    (statement,) = json.loads(told.stdout)
    balance = statement["balance"]
    assert (Decimal(balance["held"]), Decimal(balance["left"])) == (after.held, after.left)
    ids = [line["parcel_id"] for line in statement["lines"]]
    assert sorted(ids) == sorted(after.decisions)
    table = CliRunner().invoke(app, [*called, "--parcels"], env={"COLUMNS": "120"})
    assert "removed: refused entry" in table.stdout
    assert f"held {after.held:,}, left {after.left:,} EUR" in table.stdout
    none = CliRunner().invoke(app, ["statement", "NOBODY", "--period", "2026-07", *where])
    assert (none.exit_code, none.stdout) == (
        0,
        "No parcel of NOBODY has its legal date in this month.\n",
    )
    wrong = CliRunner().invoke(app, ["statement", CARRIER, "--period", "July", *where])
    assert wrong.exit_code == 2


def _check_declaration(installation: Installation, after: Books) -> None:
    """Every parcel that is released stands in it once."""
    where = ["--broker", installation.broker, "--topic-prefix", installation.prefix]
    released = [d for d in after.decisions.values() if d.outcome is Outcome.RELEASE]
    month = f"{released[0].occurred_at:%Y-%m}"
    called = ["declaration", CARRIER, "--period", month, *where]
    told = CliRunner().invoke(app, [*called, "--json"])
    assert told.exit_code == 0, told.output
    declared = json.loads(told.stdout)
    ids = [entry["parcel_id"] for one in declared for entry in one["entries"]]
    assert sorted(ids) == sorted(decision.parcel_id for decision in released)
    assert all(one["closed"] for one in declared)
    table = CliRunner().invoke(app, [*called, "--parcels"], env={"COLUMNS": "160"})
    assert "parcels released" in table.stdout
    assert "To be lodged: by" in table.stdout
    none = CliRunner().invoke(app, ["declaration", "NOBODY", "--period", month, *where])
    assert none.exit_code == 0
    assert "Nothing of NOBODY was released" in none.stdout
