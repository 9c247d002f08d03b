"""Child processes that do not outlive their parent, and an end that nothing cuts short."""

import ctypes
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1
_LOOK_INTERVAL_S = 0.1


def die_with_parent() -> None:
    """For `preexec_fn`: the child gets SIGKILL when the thread that started it ends.

    Linux only; it holds even if the parent is killed by SIGKILL.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Exit status of a child, once it has ended; signal handlers of this process run meanwhile.

    `Popen.wait` blocks in the kernel: a signal that arrives just before it does, or in another
    thread, would not be handled before the child ends by itself.
    """
    while (status := process.poll()) is None:
        time.sleep(_LOOK_INTERVAL_S)
    return status


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave SIGINT and SIGTERM without effect: a second Ctrl-C must not cut a clean-up short.

    Only the main thread hears signals; elsewhere this has no effect.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(number, signal.SIG_IGN) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, handlers, strict=True):
            signal.signal(number, handler)
