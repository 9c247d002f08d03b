"""Broker quotas on the produce rate of clients (KIP-546), which no Python client can set."""

from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int8, Int16, Int32, Schema, String

PRODUCE_RATE = "producer_byte_rate"
ENTITY = Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))
EXACT_NAME = 0


class AlterClientQuotasResponseV0(Response):
    """Answer to `AlterClientQuotasRequestV0`."""

    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(("error_code", Int16), ("error_message", String("utf-8")), ("entity", ENTITY)),
        ),
    )


class AlterClientQuotasRequestV0(RequestStruct):
    """Sets and removes quotas."""

    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = AlterClientQuotasResponseV0
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", ENTITY),
                (
                    "ops",
                    Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean)),
                ),
            ),
        ),
        ("validate_only", Boolean),
    )


class DescribeClientQuotasResponseV0(Response):
    """Answer to `DescribeClientQuotasRequestV0`."""

    API_KEY = 48
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", String("utf-8")),
        (
            "entries",
            Array(
                ("entity", ENTITY),
                ("values", Array(("key", String("utf-8")), ("value", Float64))),
            ),
        ),
    )


class DescribeClientQuotasRequestV0(RequestStruct):
    """Asks for quotas."""

    API_KEY = 48
    API_VERSION = 0
    RESPONSE_TYPE = DescribeClientQuotasResponseV0
    SCHEMA = Schema(
        (
            "components",
            Array(
                ("entity_type", String("utf-8")), ("match_type", Int8), ("match", String("utf-8"))
            ),
        ),
        ("strict", Boolean),
    )


class _Alter(Request[AlterClientQuotasRequestV0]):
    API_KEY = 49

    def __init__(self, *fields: Any) -> None:
        self._fields = fields

    def build(self, request_struct_class: Any) -> Any:
        return request_struct_class(*self._fields)


class _Describe(Request[DescribeClientQuotasRequestV0]):
    API_KEY = 48

    def __init__(self, *fields: Any) -> None:
        self._fields = fields

    def build(self, request_struct_class: Any) -> Any:
        return request_struct_class(*self._fields)


async def limit_produce_rate(broker: str, client_ids: Sequence[str], bytes_per_s: int) -> None:
    """Let the broker slow the producers of these clients down to so many bytes a second each."""
    await _alter(broker, client_ids, [(PRODUCE_RATE, float(bytes_per_s), False)])


async def lift_produce_rate(broker: str, client_ids: Sequence[str]) -> None:
    """Let the clients produce as fast as they can again."""
    await _alter(broker, client_ids, [(PRODUCE_RATE, 0.0, True)])


async def produce_rate(broker: str, client_id: str) -> int | None:
    """The quota of a client as the broker has it: bytes a second, or None without one."""
    request = _Describe([("client-id", EXACT_NAME, client_id)], True)
    answer = await _ask(broker, request)
    rates = {key: value for _, values in answer.entries for key, value in values}
    return round(rates[PRODUCE_RATE]) if PRODUCE_RATE in rates else None


async def _alter(broker: str, client_ids: Sequence[str], changes: Sequence[Any]) -> None:
    entries = [([("client-id", client_id)], changes) for client_id in client_ids]
    answer = await _ask(broker, _Alter(entries, False))
    refused = [(code, text) for code, text, _ in answer.entries if code]
    if refused:
        raise RuntimeError(f"the broker refused quotas: {refused}")


async def _ask(broker: str, request: Request[Any]) -> Any:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        return await admin._send_request(request)
    finally:
        await admin.close()
