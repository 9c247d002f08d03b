"""Granting rights on a broker. aiokafka's admin client cannot; its protocol can."""

from collections.abc import Iterable

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest

from pipeline.contract.acls import Right
from pipeline.ops.access import refused, require_broker
from pipeline.stream.connection import Broker, client_arguments

ANY_HOST = "*"
ALLOW = 3
LITERAL, PREFIXED = 3, 4


async def grant(broker: Broker | str, rights: Iterable[Right]) -> int:
    """Grant rights; those that exist already stay. How many.

    Raises:
        BrokerError: the broker does not let us in, or does not let us grant rights.
    """
    await require_broker(broker)
    client = AIOKafkaClient(**client_arguments(broker))
    granted = 0
    try:
        await client.bootstrap()
        for right in rights:
            response = await client.send(client.get_random_node(), _request(right))
            for code, text in response.creation_responses:
                if code:
                    raise for_code(code)(text or right.name)
            granted += 1
    except KafkaError as error:
        raise refused(broker, "grant rights", error) from error
    finally:
        await client.close()
    return granted


def _request(right: Right) -> CreateAclsRequest:
    return CreateAclsRequest(
        resource_type=right.resource,
        resource_name=right.name,
        resource_pattern_type_filter=PREFIXED if right.prefixed else LITERAL,
        principal=f"User:{right.user}",
        host=ANY_HOST,
        operation=right.operation,
        permission_type=ALLOW,
    )
