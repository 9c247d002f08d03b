"""Child processes that do not outlive their parent."""

import ctypes
import signal
import subprocess
import time

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
