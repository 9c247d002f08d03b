"""The AsyncAPI 3.0 document, put together from declarations, schemas and examples."""

import json
from typing import Any

from pipeline.contract.declarations import CARRIER, TopicDeclaration, declared_topics
from pipeline.contract.examples import accepted_examples
from pipeline.contract.schemas import HEADERS_ONLY, PAYLOADS, SCHEMA_VERSION, schema_name

JsonObject = dict[str, Any]

KAFKA_BINDING = "0.5.0"
ROOMS = frozenset({"intake", "assess", "decide", "accounts", "score"})
CARRIER_PARAMETER: JsonObject = {
    "description": "id of the carrier whose topic it is, as in its manifests",
    "examples": ["SWIFTPOST"],
}
CLOUD_EVENTS_HEADERS: JsonObject = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka binding, binary mode.",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {
            "type": "string",
            "description": "the event_id of the payload: the same on every repeat",
        },
        "ce_type": {
            "type": "string",
            "pattern": "^org[.]greenlane[.]parcel[.](release|inspection|revenue|refused)[.]v1$",
        },
        "ce_source": {"type": "string", "const": "/greenlane/decide"},
        "ce_time": {"type": "string", "format": "date-time"},
        "content-type": {"type": "string", "const": "application/json"},
    },
}


def asyncapi_document() -> JsonObject:
    """The document; its references point to the schema files beside it."""
    public = [topic for topic in declared_topics() if topic.public]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Greenlane",
            "version": f"{SCHEMA_VERSION}.0.0",
            "description": "Customs clearance of parcels as a stream: carriers publish manifests, "
            "every parcel leaves on exactly one of release, inspection and revenue. Read with "
            "isolation level read_committed. Topic names may carry a prefix of the installation.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:9092",
                "protocol": "kafka",
                "description": "what `greenlane broker` starts",
            }
        },
        "channels": {_channel_name(topic): _channel(topic) for topic in public},
        "operations": {_operation_name(topic): _operation(topic) for topic in public},
        "components": {"messages": {topic.payload: _message(topic) for topic in public}},
    }


def _channel(topic: TopicDeclaration) -> JsonObject:
    configuration: JsonObject = {
        "cleanup.policy": [topic.cleanup_policy],
        "max.message.bytes": topic.message_bytes_max,
        "message.timestamp.type": topic.timestamp_type,
    }
    if topic.retention_ms is not None:
        configuration["retention.ms"] = topic.retention_ms
    return {
        "address": topic.name,
        **({"parameters": {"carrier": CARRIER_PARAMETER}} if topic.by_carrier else {}),
        "title": topic.title,
        "description": f"{topic.description} Written by {topic.owner}; read by "
        f"{', '.join(topic.readers)}. Personal data: {topic.personal_data}.",
        "messages": {topic.payload: {"$ref": f"#/components/messages/{topic.payload}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": configuration,
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _operation(topic: TopicDeclaration) -> JsonObject:
    sends = _is_sent(topic)
    roles = topic.readers if sends else [topic.owner]
    return {
        "action": "send" if sends else "receive",
        "channel": {"$ref": f"#/channels/{_channel_name(topic)}"},
        "summary": f"For {', '.join(roles)}: {topic.description}",
        "tags": [{"name": role} for role in roles],
        "messages": [{"$ref": f"#/channels/{_channel_name(topic)}/messages/{topic.payload}"}],
    }


def _operation_name(topic: TopicDeclaration) -> str:
    verb = "send" if _is_sent(topic) else "receive"
    return verb + _channel_name(topic).title().replace("-", "")


def _channel_name(topic: TopicDeclaration) -> str:
    """The key of a channel in the document, where references lead: no braces."""
    return topic.name.replace(f".{CARRIER}", "-by-carrier")


def _is_sent(topic: TopicDeclaration) -> bool:
    return set(topic.owner.split(", ")) <= ROOMS


def _message(topic: TopicDeclaration) -> JsonObject:
    description = (PAYLOADS[topic.payload].__doc__ or "").partition("\n")[0]
    message: JsonObject = {"name": topic.payload, "title": description.rstrip(".")}
    if topic.payload == HEADERS_ONLY:
        message |= {
            "contentType": "application/octet-stream",
            "headers": {"$ref": f"./schemas/{schema_name(topic.payload)}"},
            "payload": {"description": "the original bytes, whatever they are"},
        }
    else:
        message["payload"] = {"$ref": f"./schemas/{schema_name(topic.payload)}"}
    if topic.cloud_events:
        message["headers"] = CLOUD_EVENTS_HEADERS
    elif topic.headers and topic.payload != HEADERS_ONLY:
        message["headers"] = _optional_headers(topic)
    message["bindings"] = {
        "kafka": {
            "key": {"type": "string", "description": topic.key},
            "bindingVersion": KAFKA_BINDING,
        }
    }
    message["examples"] = [
        _example(topic, e.name, e.content) for e in accepted_examples(topic.payload)
    ]
    return message


def _optional_headers(topic: TopicDeclaration) -> JsonObject:
    pairs = (header.partition(": ") for header in topic.headers)
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": text} for name, _, text in pairs},
    }


def _example(topic: TopicDeclaration, name: str, content: bytes) -> JsonObject:
    document = json.loads(content)
    described: JsonObject = {"name": name, "summary": name.replace("_", " ")}
    if topic.payload == HEADERS_ONLY:
        return {**described, "headers": document, "payload": "{not even JSON"}
    if topic.cloud_events:
        described["headers"] = {
            "ce_specversion": "1.0",
            "ce_id": document["event_id"],
            "ce_type": f"org.greenlane.parcel.{document['outcome']}.v1",
            "ce_source": "/greenlane/decide",
            "ce_time": document["occurred_at"],
            "content-type": "application/json",
        }
    return {**described, "payload": document}
