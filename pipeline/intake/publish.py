"""Sends an acknowledgement to its carrier: with the conversation it belongs to, and trade codes."""

from msgspec.structs import replace

from pipeline.intake.bounded import encode_bounded
from pipeline.model import Acknowledgement
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.model.text import shown
from pipeline.rulebook.event_codes import codes_of
from pipeline.stream import Outbox, Record

CONVERSATION_HEADER = "conversation-id"


def conversation_of(record: Record, of_format: str = "") -> str:
    """The conversation that a message belongs to, as it may be shown: its header's, or its own.

    A header is not part of the content: a message sent again under another one is a repeat.
    """
    for name, value in record.headers:
        if name == CONVERSATION_HEADER:
            return shown(value.decode(errors="replace"))
    return shown(of_format)


def publish_acknowledgement(
    acknowledgement: Acknowledgement, conversation_id: str, topics: CarrierTopics, outbox: Outbox
) -> None:
    """Write it to the topic of its carrier; the conversation stands in a header too."""
    headers = [("content-type", b"application/json")]
    if conversation_id:
        headers.append((CONVERSATION_HEADER, conversation_id.encode()))
    told = replace(
        acknowledgement, conversation_id=conversation_id, codes=codes_of(acknowledgement)
    )
    outbox.send(
        topics.acknowledgements_of(acknowledgement.carrier),
        key=acknowledgement.carrier.encode(),
        value=encode_bounded(told),
        headers=headers,
    )
