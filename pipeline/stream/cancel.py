"""Ending a task for certain."""

import asyncio
from typing import Any

CANCEL_AGAIN_S = 0.5


async def cancel_until_ended(task: "asyncio.Task[Any]") -> None:
    """Cancel a task until it has ended: aiokafka swallows a cancellation while it disconnects.

    What it raised is left with the task.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_AGAIN_S)
