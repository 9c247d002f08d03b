"""Signals: alive while a child is waited for, without effect while something is cleaned up."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.supervision.children import undisturbed, wait_for

LIFE_S = 30


class StoppedError(Exception):
    pass


def stop(*_: object) -> None:
    raise StoppedError


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    old = signal.signal(signal.SIGUSR1, stop)
    with subprocess.Popen(["sleep", str(LIFE_S)]) as process:
        yield process
        process.kill()
    signal.signal(signal.SIGUSR1, old)


@pytest.mark.timeout(10)
def test_a_signal_that_does_not_interrupt_the_main_thread_is_handled_while_it_waits(
    child: subprocess.Popen[bytes],
) -> None:
    def signal_this_thread() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    timer = threading.Timer(0.3, signal_this_thread)
    timer.start()
    with pytest.raises(StoppedError):
        wait_for(child)
    timer.join()


def test_the_exit_status_of_a_child_that_ended_is_told() -> None:
    assert wait_for(subprocess.Popen(["sh", "-c", "exit 7"])) == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_undisturbed_block_hears_no_signal_and_the_time_after_it_does(number: int) -> None:
    before = signal.signal(number, stop)
    try:
        with undisturbed():
            signal.raise_signal(number)
        with pytest.raises(StoppedError):
            signal.raise_signal(number)
    finally:
        signal.signal(number, before)


def test_in_another_thread_an_undisturbed_block_is_an_ordinary_one() -> None:
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(in_undisturbed_block).result() == "done"


def in_undisturbed_block() -> str:
    with undisturbed():
        return "done"
