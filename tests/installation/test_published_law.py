"""Law published while two workers clear parcels."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import msgspec
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.model import Announced, Decision, manifest_key
from pipeline.ops.law_topic import published_law
from pipeline.ops.topic_reader import TopicReader
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.publication import PublishedLaw
from pipeline.rulebook.shelf import NOTICE_MS
from pipeline.stream.records import Record
from tests.builders import ARRIVAL_AT, consignee, goods_item, manifest, parcel
from tests.installation.installation import Installation, Raw, send, settled
from tests.revenue.new_law import written

CARRIER = "LAWTEST"
COVERED_DAY = "2026-07-10"
ROUNDS, PARCELS, PAUSE_S = 40, 12, 0.17
IN_FORCE_WITHIN_MS = 5_000


def manifests() -> Iterator[Raw]:
    """Parcels to many consignees: every second manifest lands on a day that the new law covers."""
    for number in range(ROUNDS):
        later = timedelta(days=5 * (number % 2))
        message = manifest(
            carrier=CARRIER,
            manifest_id=f"L{number}",
            estimated_arrival_at=ARRIVAL_AT + later,
            parcels=[
                parcel(
                    parcel_id=f"L{number}-{each}",
                    consignee=consignee(name=f"Anna {number} Schneider {each}"),
                    items=[goods_item()],
                )
                for each in range(PARCELS)
            ],
        )
        key = manifest_key(CARRIER, message.manifest_id).encode()
        yield Raw(key, msgspec.json.encode(message), PARCELS)


def law(installation: Installation, *arguments: str) -> Result:
    where = ("--broker", installation.broker, "--topic-prefix", installation.prefix)
    return CliRunner().invoke(app, ["law", *arguments, *where], env={"COLUMNS": "160"})


async def arrivals(installation: Installation) -> dict[str, int]:
    """The broker's time of each parcel's envelope, on which the choice of law rests."""
    reader = TopicReader(
        installation.broker, ["parcels"], topic_prefix=installation.prefix, from_beginning=True
    )
    found: dict[str, int] = {}
    async with reader:
        ends = await reader.ends()
        while await reader.is_behind(ends):
            for record in await reader.poll(100):
                for one in msgspec.msgpack.decode(record.value or b"", type=list[Announced]):
                    found[one.parcel.parcel_id] = record.timestamp_ms
    return found


def counted(installation: Installation, result: str) -> list[float]:
    """Publications by what both workers made of them."""
    found = []
    for worker in installation.pool.workers:
        with urlopen(f"http://127.0.0.1:{worker.web_port}/metrics") as page:
            text = page.read().decode()
        value = re.search(rf'law_publications_total{{result="{result}"}} (\S+)', text)
        found.append(float(value[1]) if value else -1.0)
    return found


def decisions_of(records: dict[str, list[Record]]) -> list[Decision]:
    return [
        msgspec.json.decode(record.value or b"", type=Decision)
        for topic in ("release", "inspection", "revenue")
        for record in records.get(topic, [])
    ]


def test_new_law_takes_effect_on_all_workers_at_one_moment_and_on_the_days_it_covers(
    installation: Installation, runner: asyncio.Runner, tmp_path: Path
) -> None:
    """No restart: which version a parcel names follows from the broker's times alone."""
    file = written(tmp_path, COVERED_DAY)

    async def clear_and_publish() -> Result:
        sending = asyncio.create_task(send(installation, manifests(), pause_s=PAUSE_S))
        await asyncio.sleep(0.5)
        broken = Raw(b"law", b'{"reason": "broken", "covers_from": "2026-07-10"}', None, "law")
        await send(installation, [broken])
        arguments = ("publish", str(file), "--reason", "EUR 4 from 10 July")
        published = await asyncio.to_thread(law, installation, *arguments)
        await sending
        return published

    published = runner.run(clear_and_publish())
    assert published.exit_code == 0, published.output
    assert "legal dates from 2026-07-10 on" in published.output
    _, records = runner.run(settled(installation, announced=ROUNDS * PARCELS))
    told = runner.run(published_law(installation.broker, installation.prefix))
    new = told[-1].judged
    assert isinstance(new, PublishedLaw)
    began_ms = told[-1].record.timestamp_ms + NOTICE_MS
    at_ms = runner.run(arrivals(installation))
    old, versions = load_rule_book().version, set[tuple[str, str]]()
    for decision in decisions_of(records):
        covered = decision.legal_date >= COVERED_DAY
        expected = covered and at_ms[decision.parcel_id] >= began_ms
        assert decision.versions.rule_book == (new.book.version if expected else old)
        duty = next(line.amount for line in decision.revenue.lines if line.charge == "duty")
        assert str(duty) == ("4.00" if expected else "3.00")
        versions.add((decision.legal_date, decision.versions.rule_book))
    assert versions == {
        ("2026-07-07", old),
        ("2026-07-12", old),
        ("2026-07-12", new.book.version),
    }
    assert began_ms - told[-1].record.timestamp_ms < IN_FORCE_WITHIN_MS
    assert counted(installation, "accepted") == [1.0, 1.0]
    assert counted(installation, "invalid_message") == [1.0, 1.0]


def test_what_was_published_is_listed_with_what_was_refused(installation: Installation) -> None:
    listed = law(installation, "published", "--json")
    rows = msgspec.json.decode(listed.stdout)
    assert [bool(row["refused"]) for row in rows] == [True, False]
    assert rows[1]["files"] == ["EU/duty.yaml"]
    shown = law(installation, "published").stdout
    assert "EUR 4 from 10 July" in shown
    assert "invalid_message" in shown


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("until: 2026-07-10", "until: 2026-07-11"), "EU/duty.yaml, line"),
        (("", ""), "this changes nothing"),
    ],
)
def test_what_law_check_refuses_is_not_published(
    installation: Installation, tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    file = written(tmp_path, COVERED_DAY)
    file.write_text(file.read_text().replace(*change))
    result = law(installation, "publish", str(file), "--reason", "a mistake")
    assert result.exit_code == 1
    assert said in str(result.exception)


def test_law_that_was_published_can_be_withdrawn(installation: Installation) -> None:
    tried = law(installation, "publish", "--withdraw", "EU/duty.yaml", "--dry-run")
    assert (
        f"{load_rule_book().version} would decide for legal dates from 2026-07-10" in tried.stdout
    )
    done = law(installation, "publish", "--withdraw", "EU/duty.yaml", "--reason", "in release 2")
    assert done.exit_code == 0, done.output
    again = law(installation, "publish", "--withdraw", "EU/duty.yaml", "--reason", "again")
    assert again.exit_code == 2
    assert "nothing is" in " ".join(again.stderr.split())


def test_calls_that_name_nothing_are_told(installation: Installation) -> None:
    assert "name files to publish" in law(installation, "publish").stderr
    assert "--reason must be given" in law(installation, "publish", "x.csv").stderr
