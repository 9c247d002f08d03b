"""Requests between processes and the broker: each takes its time, and may get lost on the way."""

import asyncio
from collections.abc import Callable
from enum import Enum
from random import Random
from typing import Any, Protocol

from aiokafka import errors

from tests.simulation.loop import Lane, SimulatedLoop
from tests.simulation.process import Process

LATENCY_S = 0.001
SLOW_SHARE = 0.03
SLOW_S = 0.05
CONNECTION_BACKOFF_S = 0.05
REQUEST_TIMEOUT_S = 8.0


class Fate(Enum):
    """What becomes of a request."""

    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost"
    GIVEN_UP = "request lost, client gives up"
    GIVEN_UP_DONE = "done, but answer lost and client gives up"
    REFUSED = "refused by the broker"


class Mishaps(Protocol):
    """What may go wrong with a request, asked at each of its stations."""

    def fate(self, process: Process, request: str) -> Fate | None:
        """Asked when it is sent."""

    def delay_s(self, process: Process, request: str) -> float:
        """How much longer it takes than usual."""

    def at(self, process: Process, request: str, station: str) -> None:
        """Told when it is `sent`, and when its answer is about to be `answered`."""


class Network:
    """Carries requests; a client asks again, as aiokafka does, when no answer comes."""

    def __init__(self, loop: SimulatedLoop, random: Random, broker: Lane, mishaps: Mishaps) -> None:
        self._loop = loop
        self._random = random.random
        self._broker = broker
        self._wire = loop.new_lane("wire")
        self._mishaps = mishaps

    async def call(self, client: Process, request: str, operation: Callable[[], Any]) -> Any:
        """Have the broker do something, and return its answer.

        Raises:
            KafkaError: the broker's answer, or the client gave up.
        """
        while True:
            try:
                return await self._ask(client, request, operation)
            except errors.KafkaConnectionError:
                await asyncio.sleep(CONNECTION_BACKOFF_S)

    def _ask(
        self, client: Process, request: str, operation: Callable[[], Any]
    ) -> "asyncio.Future[Any]":
        answer = self._loop.create_future()
        fate = self._mishaps.fate(client, request)
        if client.cut_off:
            fate = fate or Fate.REQUEST_LOST
        if fate in {Fate.REQUEST_LOST, Fate.GIVEN_UP}:
            self._fail_later(answer, fate)
        else:
            self._loop.call_later(
                self._latency_s() + self._mishaps.delay_s(client, request),
                self._arrive,
                client,
                request,
                operation,
                answer,
                fate,
                context=self._broker.context,
            )
        self._mishaps.at(client, request, "sent")
        return answer

    def _arrive(
        self,
        client: Process,
        request: str,
        operation: Callable[[], Any],
        answer: "asyncio.Future[Any]",
        fate: Fate | None,
    ) -> None:
        """At the broker: do it, and send the answer when there is one."""
        try:
            if fate is Fate.REFUSED:
                raise errors.MessageSizeTooLargeError
            result = operation()
        except errors.KafkaError as error:
            result = error
        if fate in {Fate.ANSWER_LOST, Fate.GIVEN_UP_DONE} or client.cut_off:
            self._fail_later(answer, fate)
        elif isinstance(result, asyncio.Future):
            result.add_done_callback(
                lambda done: self._reply(client, request, done.exception() or done.result(), answer)
            )
        else:
            self._reply(client, request, result, answer)

    def _reply(
        self, client: Process, request: str, result: Any, answer: "asyncio.Future[Any]"
    ) -> None:
        self._loop.call_later(
            self._latency_s(),
            self._answer,
            client,
            request,
            result,
            answer,
            context=self._wire.context,
        )

    def _answer(
        self, client: Process, request: str, result: Any, answer: "asyncio.Future[Any]"
    ) -> None:
        """At the client, if there still is one."""
        if answer.done() or not client.alive:
            return
        if client.cut_off:
            self._fail_later(answer, None)
            return
        self._mishaps.at(client, request, "answered")
        if isinstance(result, BaseException):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    def _fail_later(self, answer: "asyncio.Future[Any]", fate: Fate | None) -> None:
        """The client notices at once that its connection is gone, or only when time is over."""
        noticed_s = REQUEST_TIMEOUT_S if self._random() < 0.3 else CONNECTION_BACKOFF_S
        gives_up = fate in {Fate.GIVEN_UP, Fate.GIVEN_UP_DONE}
        error = errors.KafkaError("no answer") if gives_up else errors.KafkaConnectionError()
        self._loop.call_later(noticed_s, _fail, answer, error, context=self._wire.context)

    def _latency_s(self) -> float:
        draw = self._random()
        if draw < SLOW_SHARE:
            return SLOW_S * self._random()
        return LATENCY_S * (0.2 + draw)


def _fail(answer: "asyncio.Future[Any]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
