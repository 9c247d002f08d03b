"""Limits of all parcels that a consignee gets on a day: exactly, in last versions."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pipeline.assess.state import Exposure
from pipeline.model import Address, Announced, Assessed, RevenueAssessment
from pipeline.rulebook.book import load_rule_book
from pipeline.stream import KeyedState, Outbox, Record
from tests import builders
from tests.assess.examples import header, room

ARRIVAL = datetime(2026, 7, 7, 4, tzinfo=UTC)  # 13:00 in Seoul
LIMIT = Decimal(150)
LIMITS = {"KR": LIMIT, "US": Decimal(800)}


class Counter:
    """Assesses parcels to one consignee, one after the other."""

    def __init__(self, country: str = "KR") -> None:
        self._country = country
        self._room = room()
        self._state: KeyedState[Exposure] = KeyedState(Exposure)
        self._offsets = count()

    def assess(
        self,
        parcel_id: str,
        value: Decimal | int,
        *,
        arrival: datetime = ARRIVAL,
        name: str = "Kim",
    ) -> RevenueAssessment:
        address = Address(city="A", country=self._country, street_and_number="B 1")
        parcel = builders.parcel(
            parcel_id=parcel_id,
            currency="USD",
            consignee=builders.consignee(name=name, address=address),
            items=[builders.goods_item(intrinsic_value=Decimal(value), origin_country="IT")],
        )
        announced = Announced(
            header(destination_country=self._country, estimated_arrival_at=arrival), parcel, []
        )
        outbox = Outbox({"assessments": 1, "dead-letters": 1}, self._room.enclosers)
        record = Record(
            "parcels", 0, next(self._offsets), 1, None, msgspec.msgpack.encode([announced])
        )
        self._room.work(record, self._state, outbox)
        (output,) = outbox.outputs()
        (found,) = msgspec.msgpack.decode(output.value or b"", type=list[Assessed])
        return found.assessment.revenue


def is_relieved(revenue: RevenueAssessment) -> bool:
    return not revenue.lines and {one.reason for one in revenue.not_charged} == {"relieved"}


def test_parcels_of_one_day_that_together_pass_the_limit_are_charged() -> None:
    desk = Counter()
    assert is_relieved(desk.assess("A", 100))
    second = desk.assess("B", 60)
    assert not is_relieved(second)
    assert second.same_day_goods > 0
    assert any("as well: 100.00 USD" in remark for remark in second.remarks)


def test_the_limit_itself_is_within() -> None:
    desk = Counter()
    desk.assess("A", 100)
    assert is_relieved(desk.assess("B", 50))


def test_another_day_another_consignee_and_another_destination_do_not_count() -> None:
    desk = Counter()
    desk.assess("A", 140)
    assert is_relieved(desk.assess("B", 60, arrival=ARRIVAL + timedelta(hours=11)))  # 0:00 KST
    assert is_relieved(desk.assess("C", 60, name="Lee"))
    assert not is_relieved(desk.assess("D", 60, arrival=ARRIVAL + timedelta(hours=10)))


def test_an_amendment_takes_back_what_the_version_before_it_added() -> None:
    desk = Counter()
    desk.assess("A", 140)
    desk.assess("A", 20)
    assert is_relieved(desk.assess("B", 60))
    desk.assess("A", 140)
    assert not is_relieved(desk.assess("B", 60))


def test_the_united_states_added_up_the_parcels_of_a_day() -> None:
    """Until the end of de minimis on 2025-08-29, USD 800 were for one person on one day."""
    then = datetime(2025, 8, 27, 18, tzinfo=UTC)
    desk = Counter("US")
    assert is_relieved(desk.assess("A", 700, arrival=then))
    assert not is_relieved(desk.assess("B", 200, arrival=then))
    assert is_relieved(desk.assess("C", 200, arrival=then + timedelta(days=1)))


def test_where_the_law_looks_at_each_consignment_nothing_is_added_up() -> None:
    desk = Counter("GB")
    desk.assess("A", 140)
    assert desk.assess("B", 60).same_day_goods == 0


def test_only_laws_with_such_a_limit_in_force_add_up() -> None:
    book = load_rule_book()
    day = date(2026, 7, 7)
    assert {name for name in book.sources if book.on(name, day).sums_days} == {"KR"}
    assert book.on("US", date(2025, 8, 28)).sums_days


@given(
    st.lists(
        st.tuples(st.sampled_from("ABCD"), st.integers(1, 200), st.booleans()),
        min_size=1,
        max_size=8,
    )
)
def test_the_sum_is_that_of_the_last_versions_of_the_day(
    announced: list[tuple[str, int, bool]],
) -> None:
    """Whatever is announced, amended or moved to another day: relieved up to the limit exactly."""
    desk = Counter()
    last: dict[str, tuple[int, bool]] = {}
    for parcel_id, value, is_next_day in announced:
        arrival = ARRIVAL + timedelta(days=is_next_day)
        found = desk.assess(parcel_id, value, arrival=arrival)
        last[parcel_id] = (value, is_next_day)
        total = sum(worth for worth, day in last.values() if day is is_next_day)
        others = total - value
        # Others are remembered in won, rounded to its hundredth: exact to less than a US cent.
        assert is_relieved(found) is (total <= LIMIT), (total, others)
