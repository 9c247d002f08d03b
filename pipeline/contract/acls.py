"""Who may do what: the rights (Kafka's ACLs) that follow from owners and readers of the topics."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import NamedTuple

from pipeline.contract.declarations import TopicDeclaration
from pipeline.errors import SettingsError

WORKERS = "workers"
OPERATORS = "operators"
CARRIERS = "carriers"
"""All carriers that share topics. They get rights only when a user is named for them: on shared
topics, any of them can use the name of any other."""
_CARRIER = "carrier "
_ROOMS = frozenset({"intake", "assess", "decide", "accounts", "score"})


class Resource(IntEnum):
    """What a right is about, by Kafka's number."""

    TOPIC = 2
    GROUP = 3
    TRANSACTIONAL_ID = 5


class Operation(IntEnum):
    """What may be done, by Kafka's number. Reading and writing include describing."""

    READ = 3
    WRITE = 4
    DESCRIBE = 8


class Right(NamedTuple):
    """A user may do something with a resource, or with all whose names begin so."""

    user: str
    operation: Operation
    resource: Resource
    name: str
    prefixed: bool = False


def roles_of(topics: Iterable[TopicDeclaration]) -> list[str]:
    """Everyone the declarations name, as users are named: a carrier apart by its id."""
    return sorted({role for topic in topics for role, _ in _uses(topic)})


def rights_of(
    topics: Iterable[TopicDeclaration],
    *,
    users: Mapping[str, str],
    application_id: str,
    topic_prefix: str = "",
) -> list[Right]:
    """All rights of an installation, by user.

    Args:
        topics: its topics, those of single carriers included.
        users: the Kafka user of each role, where it is not named like the role.
        application_id: the installation's, which names group and transactions of its workers.
        topic_prefix: the installation's.

    Raises:
        SettingsError: a carrier apart has the user of somebody else, so his rights too.
    """
    topics = tuple(topics)
    _check_apart(topics, users)
    rights = set[Right]()
    for topic in topics:
        for role, operation in _uses(topic):
            if role == CARRIERS and role not in users:
                continue
            user = users.get(role, role)
            rights.add(Right(user, operation, Resource.TOPIC, topic_prefix + topic.name))
            if role != WORKERS and operation is Operation.READ:
                rights.add(_own_groups(user))
    workers = users.get(WORKERS, WORKERS)
    operators = users.get(OPERATORS, OPERATORS)
    rights |= {
        Right(workers, Operation.READ, Resource.GROUP, application_id),
        Right(workers, Operation.WRITE, Resource.TRANSACTIONAL_ID, f"{application_id}-", True),
        Right(operators, Operation.DESCRIBE, Resource.GROUP, application_id),
    }
    return sorted(rights)


def as_command(right: Right, address: str) -> str:
    """The same right for Kafka's own tool."""
    option = "--" + right.resource.name.lower().replace("_", "-")
    pattern = ["--resource-pattern-type", "prefixed"] if right.prefixed else []
    return shlex.join(
        [
            *("kafka-acls.sh", "--bootstrap-server", address),
            *("--command-config", "admin.properties", "--add"),
            *("--allow-principal", f"User:{right.user}"),
            *("--operation", right.operation.name.title()),
            *(option, right.name, *pattern),
        ]
    )


def _own_groups(user: str) -> Right:
    """A reader's consumer groups. No carrier id holds a slash: "A/" begins no group of "A.B"."""
    return Right(user, Operation.READ, Resource.GROUP, f"{user}/", prefixed=True)


def _check_apart(topics: Iterable[TopicDeclaration], users: Mapping[str, str]) -> None:
    declared = {who for topic in topics for who in (*topic.owner.split(", "), *topic.readers)}
    apart = {who.removeprefix(_CARRIER) for who in declared if who.startswith(_CARRIER)}
    others = {_role(who) for who in declared if not who.startswith(_CARRIER)}
    taken = {users.get(role, role) for role in others} | others
    for carrier in sorted(apart):
        user = users.get(carrier, carrier)
        if carrier in others or user in taken:
            raise SettingsError(
                f"the carrier {carrier} would have the rights of another user named {user}; "
                "give one of them another name"
            )
        taken.add(user)


def _uses(topic: TopicDeclaration) -> Iterator[tuple[str, Operation]]:
    for owner in topic.owner.split(", "):
        yield _role(owner), Operation.WRITE
    for reader in topic.readers:
        yield _role(reader), Operation.READ


def _role(declared: str) -> str:
    return WORKERS if declared in _ROOMS else declared.removeprefix(_CARRIER)
