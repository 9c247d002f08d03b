"""What intake alone says of messages: what a carrier is told before it sends them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from pipeline.formats.dispatch import Headers
from pipeline.model import Acknowledgement
from pipeline.sandbox.dry_run import publish_dry
from pipeline.stream.memory import MemoryStream


class Checked(NamedTuple):
    """The answer to one message: an acknowledgement, or an error where it cannot be read."""

    message: int
    """Place of the message in its file, from 1."""
    acknowledgement: Acknowledgement | None
    error_code: str = ""
    error_text: str = ""

    @property
    def refused(self) -> bool:
        """Whether anything of it was refused."""
        answer = self.acknowledgement
        return answer is None or answer.rejected_parcels > 0

    def as_json(self) -> dict[str, Any]:
        """For machines, with the acknowledgement as it would stand on its topic."""
        return {
            "message": self.message,
            "refused": self.refused,
            "acknowledgement": msgspec.to_builtins(self.acknowledgement),
            "error_code": self.error_code,
            "error_text": self.error_text,
        }


def check_messages(
    stream: MemoryStream, messages: Iterable[bytes], headers: Headers, received_at: datetime
) -> Iterator[Checked]:
    """Let intake judge messages, one after the other: later ones may repeat earlier ones.

    Args as of `publish_dry`.
    """
    for number, message in enumerate(messages, start=1):
        answered = len(stream.read("acknowledgements"))
        publish_dry(stream, message, headers, received_at)
        answers = stream.read("acknowledgements")[answered:]
        if answers:
            value = answers[-1].value or b""
            yield Checked(number, msgspec.json.decode(value, type=Acknowledgement))
        else:
            told = dict(stream.read("dead-letters")[-1].headers)
            code, text = told["error_code"].decode(), told["error_text"].decode()
            yield Checked(number, None, code, text)
