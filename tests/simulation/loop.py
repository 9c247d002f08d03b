"""An event loop with virtual time that runs simulated processes step by step, in a seeded order.

A process has lanes (its threads). Steps of one lane run in the order in which they became ready, as
in any asyncio loop; which lane goes next is drawn. A lane can be held (a frozen process) or dropped
for ever (a killed one): its steps, timers and unfinished tasks then simply never run.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, ContextVar
from itertools import count
from random import Random
from typing import Any

BLOCKING_WORK_S = 0.3
STEP_S = 0.00001
"""Virtual time that a step takes: without it, a loop without waiting would stop the clock."""


class Step:
    """A callback that is ready, or will be; what asyncio calls a handle."""

    __slots__ = ("arguments", "callback", "context")

    def __init__(self, callback: Callable[..., Any], arguments: Any, context: Context) -> None:
        self.callback: Callable[..., Any] | None = callback
        self.arguments = arguments
        self.context = context

    def cancel(self) -> None:
        self.callback = None
        self.arguments = ()

    def cancelled(self) -> bool:
        return self.callback is None


class Lane:
    """One thread of a process."""

    __slots__ = ("context", "dropped", "held", "name", "queue", "ready")

    def __init__(self, name: str) -> None:
        self.name = name
        self.queue: deque[Step] = deque()
        self.held = False
        self.dropped = False
        self.ready = False
        """Whether the loop's list of lanes to draw from holds it."""
        self.context = Context()
        self.context.run(_LANE.set, self)


_LANE: ContextVar[Lane] = ContextVar("lane")


class SimulatedLoop(asyncio.AbstractEventLoop):
    """The loop; `run_until` drives it, and nothing in it ever waits for real time."""

    def __init__(self, random: Random) -> None:
        self._draw = random.random
        self._now = 0.0
        self._numbers = count()
        self._timers: list[tuple[float, int, Lane, Step]] = []
        self._ready: list[Lane] = []
        self._lanes: list[Lane] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self.world = self.new_lane("world")
        self._lane = self.world
        self._closed = False
        self.steps = 0

    # What asyncio needs of a loop

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> Step:
        if context is None:
            lane = self._lane
            context = lane.context
        else:
            lane = context[_LANE]
        step = Step(callback, args, context)
        self._put(lane, step)
        return step

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> Step:
        lane = self._lane if context is None else context[_LANE]
        step = Step(callback, args, lane.context)
        heapq.heappush(self._timers, (when, next(self._numbers), lane, step))
        return step

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> Step:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context or self._lane.context)
        self._tasks.append(task)
        return task

    def run_in_executor(
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Blocking work is done a little later, in one step of its own: other steps come between.

        It belongs to the process that asked for it: it waits, or never comes, with that.
        """
        future = self.create_future()

        def work() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 - it belongs to the caller
                if not future.done():
                    future.set_exception(error)
            else:
                _tell(future, result)

        self.call_later(self._draw() * BLOCKING_WORK_S, work)
        return future

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self._closed

    def is_closed(self) -> bool:
        return self._closed

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tasks of killed processes end unheard, as their process did."""

    # What a simulation needs besides

    def new_lane(self, name: str) -> Lane:
        """A new thread of a process."""
        self._lanes.append(Lane(name))
        return self._lanes[-1]

    def start(self, lane: Lane, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin a task on a lane."""
        return self.create_task(coroutine, context=lane.context)

    async def run_on(
        self, lane: Lane, function: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> Any:
        """Run on another lane of the process and wait: it goes on there if the caller gives up."""
        answer = self.create_future()

        async def run() -> None:
            try:
                result = await function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - it belongs to the caller
                if not answer.done():
                    answer.set_exception(error)
            else:
                _tell(answer, result)

        self.start(lane, run())
        return await answer

    def hold(self, lane: Lane) -> None:
        """Freeze a lane: what it would do waits."""
        lane.held = True
        self._unlist(lane)

    def release(self, lane: Lane) -> None:
        """Let a held lane go on."""
        lane.held = False
        self._list(lane)

    def drop(self, lane: Lane) -> None:
        """End a lane for ever."""
        lane.dropped = True
        self._unlist(lane)
        lane.queue.clear()

    def run_until(self, done: Callable[[], bool], deadline_s: float) -> bool:
        """Run steps until `done`; False if that is not so at the deadline, or nothing is left."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        try:
            while not done():
                if self._now > deadline_s or not self._step():
                    return False
        finally:
            asyncio._set_running_loop(before)
        return True

    def run_for(self, seconds: float) -> None:
        """Let so much time pass."""
        ends_at_s = self._now + seconds
        self.run_until(lambda: False, ends_at_s)
        self._now = max(self._now, ends_at_s)

    def close(self) -> None:
        """Drop everything, and close what never ended: the garbage collector must not find it."""
        self._closed = True
        self._timers.clear()
        self._ready.clear()
        for lane in self._lanes:
            lane.queue.clear()
        for task in self._tasks:
            if not task.done():
                task.get_coro().close()
        self._tasks.clear()

    def _step(self) -> bool:
        timers, ready = self._timers, self._ready
        if not ready:
            if not timers:
                return False
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            _, _, lane, step = heapq.heappop(timers)
            if step.callback is not None:
                self._put(lane, step)
        if not ready:
            return True
        index = int(self._draw() * len(ready)) if len(ready) > 1 else 0
        lane = ready[index]
        step = lane.queue.popleft()
        if not lane.queue:
            lane.ready = False
            ready[index] = ready[-1]
            ready.pop()
        if step.callback is not None:
            self._lane = lane
            step.context.run(step.callback, *step.arguments)
            self._lane = self.world
            self._now += STEP_S
            self.steps += 1
        return True

    def _put(self, lane: Lane, step: Step) -> None:
        if lane.dropped or self._closed:
            return
        lane.queue.append(step)
        if not lane.ready and not lane.held:
            lane.ready = True
            self._ready.append(lane)

    def _list(self, lane: Lane) -> None:
        if lane.queue and not lane.ready:
            lane.ready = True
            self._ready.append(lane)

    def _unlist(self, lane: Lane) -> None:
        if lane.ready:
            lane.ready = False
            self._ready.remove(lane)


def _tell(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)
