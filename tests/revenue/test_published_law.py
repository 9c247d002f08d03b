"""Law published while workers run: which book decides, and what is refused."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ErrorCode, RuleBookError
from pipeline.rulebook.book import LAW_FOLDER, RuleBook, load_rule_book
from pipeline.rulebook.difference import first_difference
from pipeline.rulebook.overlay import overlaid
from pipeline.rulebook.publication import (
    KEY,
    MESSAGE_BYTES_MAX,
    LawPublication,
    PublishedLaw,
    RefusedLaw,
    judge,
)
from pipeline.rulebook.shelf import NOTICE_MS, Shelf
from tests.revenue.new_law import PATH, flat_duty_of_four

RELEASE = load_rule_book()
DAY = date(2026, 7, 10)


def changed(path: str, old: str, new: str) -> RuleBook:
    text = (LAW_FOLDER / path).read_text()
    assert old in text
    return overlaid({path: text.replace(old, new)})


def publication(**fields: object) -> bytes:
    usual = LawPublication(
        reason="test", covers_from=DAY, files={PATH: flat_duty_of_four("2026-07-10")}
    )
    return msgspec.json.encode({**msgspec.to_builtins(usual), **fields})


def test_new_law_decides_from_its_first_day_on_and_leaves_days_before_to_the_old() -> None:
    book = overlaid({PATH: flat_duty_of_four("2026-07-10")}).following(RELEASE, DAY)
    assert book.covering(date(2026, 7, 10)) is book
    assert book.covering(date(2026, 7, 9)) is RELEASE
    assert str(book.on("EU", DAY).amount("eu.duty.low_value_per_item")) == "4.00"


def test_law_decides_on_records_that_the_broker_has_after_the_notice() -> None:
    shelf, book = Shelf(RELEASE), overlaid({}).following(RELEASE, DAY)
    shelf.publish(book, published_at_ms=1_000)
    assert shelf.at(1_000 + NOTICE_MS - 1) is RELEASE
    assert shelf.at(1_000 + NOTICE_MS) is book
    assert shelf.newest is book


@given(st.lists(st.integers(0, 1_000_000), max_size=5), st.integers(0, 1_010_000))
def test_what_decides_does_not_depend_on_how_much_a_worker_heard_beyond_the_notice(
    published: list[int], now: int
) -> None:
    """A worker that has not heard of what was published within the notice decides the same."""
    whole, part = Shelf(RELEASE), Shelf(RELEASE)
    for at_ms in sorted(published):
        book = RELEASE.following(whole.newest, DAY)
        whole.publish(book, at_ms)
        if at_ms <= now - NOTICE_MS:
            part.publish(book, at_ms)
    assert whole.at(now) is part.at(now)


def test_of_two_publications_each_covers_its_own_days() -> None:
    first = RELEASE.following(RELEASE, date(2026, 8, 1))
    second = RELEASE.following(first, date(2026, 7, 1))
    third = RELEASE.following(second, date(2027, 1, 1))
    assert third.covering(date(2027, 1, 1)) is third
    assert third.covering(date(2026, 8, 1)) is second
    assert third.covering(date(2026, 6, 30)) is RELEASE


@pytest.mark.parametrize(
    ("path", "old", "new", "day"),
    [
        ("EU/duty.yaml", "until: 2028-07-01", "until: 2028-08-01", None),
        ("EU/vat.yaml", 'title: "Standard', 'title: "The standard', "first"),
        ("EU/jurisdiction.yaml", "Europe/Berlin", "Europe/Paris", date.min),
        ("tariffs/eu.tariff.csv", "perfume,0 %", "perfume,1 %", date(2008, 1, 1)),
    ],
)
def test_the_first_day_that_is_decided_differently_is_found(
    path: str, old: str, new: str, day: object
) -> None:
    if day is None:
        with pytest.raises(RuleBookError, match=r"^EU/duty\.yaml, line \d+: .*periods must meet"):
            changed(path, old, new)
        return
    found = first_difference(RELEASE, changed(path, old, new))
    assert found == day if day != "first" else found is not None


def test_a_new_period_differs_from_its_first_day_on() -> None:
    new = overlaid({PATH: flat_duty_of_four("2026-09-03")})
    assert first_difference(RELEASE, new) == date(2026, 9, 3)
    assert first_difference(new, RELEASE) == date(2026, 9, 3)


def test_the_end_of_a_rule_differs_from_the_day_after_it_on() -> None:
    text = (LAW_FOLDER / "MX/duty_and_tax.yaml").read_text()
    at = text.index("- id: mx.", text.index("charges:"))
    line = text.index("status:", at)
    ended = f"{text[:line]}until: 2027-02-01\n        {text[line:]}"
    assert first_difference(RELEASE, overlaid({"MX/duty_and_tax.yaml": ended})) == date(2027, 2, 1)


def test_a_remark_in_a_file_changes_its_version_but_no_decision() -> None:
    new = changed("EU/duty.yaml", "subject: duty", "subject: duty  # as enacted")
    assert new.version != RELEASE.version
    assert first_difference(RELEASE, new) is None


def test_a_publication_makes_a_rule_book_of_that_of_the_release() -> None:
    judged = judge(KEY, publication())
    assert isinstance(judged, PublishedLaw)
    assert judged.book.version != RELEASE.version
    assert judged.book.sources.keys() == RELEASE.sources.keys()


@pytest.mark.parametrize(
    ("key", "value", "code", "said"),
    [
        (KEY, b"", ErrorCode.EMPTY_MESSAGE, ""),
        (None, publication(), ErrorCode.KEY_MISSING, "must be law"),
        (b"EU", publication(), ErrorCode.KEY_MISMATCH, "must be law"),
        (KEY, b"{", ErrorCode.INVALID_JSON, ""),
        (KEY, b'"\xff"', ErrorCode.INVALID_MESSAGE, ""),
        (KEY, b'{"reason": "\xff"}', ErrorCode.INVALID_UTF8, ""),
        (KEY, b"[" * 40 + b"]" * 40, ErrorCode.INVALID_JSON, "nested"),
        (KEY, publication(schema_version=2), ErrorCode.UNKNOWN_SCHEMA_VERSION, "is 2"),
        (KEY, publication(reason=""), ErrorCode.INVALID_MESSAGE, "reason"),
        (KEY, publication(files={"../EU/duty.yaml": ""}), ErrorCode.INVALID_MESSAGE, "files"),
        (KEY, publication(files={"EU/duty.py": ""}), ErrorCode.INVALID_MESSAGE, "files"),
        (KEY, publication(more=1), ErrorCode.INVALID_MESSAGE, "more"),
        (KEY, b" " * (MESSAGE_BYTES_MAX + 1), ErrorCode.MESSAGE_TOO_LARGE, "2,000,000"),
        (
            KEY,
            publication(files={PATH: flat_duty_of_four("2028-08-01")}),
            ErrorCode.INVALID_LAW,
            "EU/duty.yaml, line",
        ),
    ],
)
def test_what_is_no_law_is_refused_under_a_code(
    key: bytes | None, value: bytes, code: ErrorCode, said: str
) -> None:
    judged = judge(key, value)
    assert isinstance(judged, RefusedLaw)
    assert (judged.code, said in judged.text) == (code, True), judged
