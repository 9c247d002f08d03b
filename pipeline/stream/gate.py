"""What may hold a worker's cycles back: something it must have heard of before it works on."""

from typing import Protocol


class Gate(Protocol):
    """Open while the worker knows everything that its next record may depend on."""

    async def start(self) -> None:
        """Connect; when it returns, the gate is open for the first time."""

    async def stop(self) -> None:
        """Disconnect."""

    @property
    def is_open(self) -> bool:
        """Whether what has been fetched by now may be worked on."""

    async def wait(self) -> None:
        """Wait until it is open."""


class OpenGate:
    """A gate for workers that depend on nothing beside their input."""

    is_open = True

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to disconnect from."""

    async def wait(self) -> None:
        """It is open."""
