"""The event loop of the simulation: virtual time, lanes, holding and dropping."""

import asyncio
import time
from random import Random

import pytest

from tests.simulation.loop import Lane, SimulatedLoop

A_DAY_S = 86_400.0


@pytest.fixture
def loop() -> SimulatedLoop:
    return SimulatedLoop(Random(1))


def write_down(loop: SimulatedLoop, lane: Lane, written: list[str], names: str) -> None:
    for name in names:
        loop.call_soon(written.append, name, context=lane.context)


def test_waiting_takes_no_real_time(loop: SimulatedLoop):
    started = time.monotonic()
    waiting = loop.start(loop.world, asyncio.sleep(A_DAY_S, "done"))
    assert loop.run_until(waiting.done, 2 * A_DAY_S)
    assert waiting.result() == "done"
    assert loop.time() >= A_DAY_S
    assert time.monotonic() - started < 5


def test_steps_of_a_lane_keep_their_order_and_lanes_take_turns_at_random(loop: SimulatedLoop):
    written: list[str] = []
    for lane, names in ((loop.new_lane("a"), "abcdef"), (loop.new_lane("b"), "ABCDEF")):
        write_down(loop, lane, written, names)
    loop.run_until(lambda: False, 1)
    assert "".join(filter(str.islower, written)) == "abcdef"
    assert "".join(filter(str.isupper, written)) == "ABCDEF"
    assert "".join(written) not in {"abcdefABCDEF", "ABCDEFabcdef"}


def test_a_held_lane_goes_on_where_it_was(loop: SimulatedLoop):
    lane, written = loop.new_lane("a"), []
    write_down(loop, lane, written, "ab")
    loop.call_later(1, written.append, "c", context=lane.context)
    loop.hold(lane)
    loop.run_until(lambda: False, 2)
    assert written == []
    loop.release(lane)
    loop.run_until(lambda: False, 3)
    assert written == ["a", "b", "c"]


def test_a_dropped_lane_does_nothing_any_more(loop: SimulatedLoop):
    lane, written = loop.new_lane("a"), []
    write_down(loop, lane, written, "ab")
    loop.drop(lane)
    write_down(loop, lane, written, "c")
    loop.run_until(lambda: False, 1)
    assert written == []


def test_a_call_on_another_lane_goes_on_when_its_caller_gives_up(loop: SimulatedLoop):
    other, done = loop.new_lane("other"), []

    async def work() -> None:
        await asyncio.sleep(1)
        done.append(True)

    caller = loop.start(loop.world, loop.run_on(other, work))
    loop.call_later(0.5, caller.cancel, context=loop.world.context)
    loop.run_until(lambda: False, 2)
    assert caller.cancelled()
    assert done


@pytest.mark.parametrize("elsewhere", ["lane", "executor"])
def test_an_error_elsewhere_belongs_to_the_caller(loop: SimulatedLoop, elsewhere: str):
    def fail() -> None:
        raise ValueError(elsewhere)

    async def fail_later() -> None:
        fail()

    async def call() -> None:
        if elsewhere == "executor":
            await asyncio.to_thread(fail)
        else:
            await loop.run_on(loop.new_lane("other"), fail_later)

    caller = loop.start(loop.world, call())
    loop.run_until(caller.done, 1)
    with pytest.raises(ValueError, match=elsewhere):
        caller.result()


def test_blocking_work_is_done_between_other_steps(loop: SimulatedLoop):
    written: list[str] = []
    working = loop.start(loop.world, asyncio.to_thread(written.append, "worked"))
    loop.call_soon(written.append, "meanwhile", context=loop.world.context)
    loop.run_until(working.done, 1)
    assert written == ["meanwhile", "worked"]
