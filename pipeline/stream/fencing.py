"""KIP-447 for aiokafka: commits fenced by group generation, and offsets that are stable.

aiokafka 0.14 speaks TxnOffsetCommit v0 (no generation, so a worker that lost its partitions could
still commit) and OffsetFetch v3 (so a new owner could read an offset that an open transaction is
about to change). These are versions 3 and 7 of the two requests.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer, errors
from aiokafka.client import CoordinationType
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.sender import AddPartitionsToTxnHandler, Sender, TxnOffsetCommitHandler
from aiokafka.protocol.api import Request
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from pipeline.stream.fencing_messages import OffsetFetchRequestV7, TxnOffsetCommitRequestV3
from pipeline.stream.log import Membership, WorkerFencedError

_NO_ANSWER = (errors.KafkaConnectionError, errors.NodeNotReadyError, errors.RequestTimedOutError)
_ERROR_UNSTABLE_OFFSET_COMMIT = 88
_FENCED_CODES = {
    22: "ILLEGAL_GENERATION",
    25: "UNKNOWN_MEMBER_ID",
    47: "INVALID_PRODUCER_EPOCH",
    82: "FENCED_INSTANCE_ID",
    90: "PRODUCER_FENCED",
}


class _FencedCommit(Request[TxnOffsetCommitRequestV3]):
    API_KEY = 28

    def __init__(self, *fields: Any) -> None:
        self._fields = fields

    def build(self, request_struct_class: Any) -> Any:
        return request_struct_class(*self._fields)


class _FencedCommitHandler(TxnOffsetCommitHandler):
    """Sends offsets with the membership under which their input was fetched."""

    def __init__(self, sender: Sender, offsets: Mapping[Any, Any], membership: Membership) -> None:
        super().__init__(sender, offsets, membership.group_id)
        self._membership = membership

    def create_request(self) -> _FencedCommit:
        transaction = self._sender._txn_manager  # noqa: SLF001
        by_topic: defaultdict[str, list[Any]] = defaultdict(list)
        for tp, offset in sorted(self._offsets.items()):
            by_topic[tp.topic].append((tp.partition, offset.offset, -1, offset.metadata, {}))
        return _FencedCommit(
            transaction.transactional_id,
            self._membership.group_id,
            transaction.producer_id,
            transaction.producer_epoch,
            self._membership.generation,
            self._membership.member_id,
            self._membership.instance_id,
            [(topic, partitions, {}) for topic, partitions in by_topic.items()],
            {},
        )

    def handle_response(self, response: Any) -> float | None:
        for _, partitions, _ in response.errors:
            for _, code, _ in partitions:
                if code in _FENCED_CODES:
                    self._refuse(_FENCED_CODES[code])
                    return None
        response.errors = [
            (topic, [(partition, code) for partition, code, _ in partitions])
            for topic, partitions, _ in response.errors
        ]
        backoff: float | None = super().handle_response(response)
        return backoff

    def _refuse(self, reason: str) -> None:
        # An exception in a handler would end aiokafka's sender, and with it the way to abort.
        _, _, added = self._sender._txn_manager._pending_txn_offsets.popleft()  # noqa: SLF001
        added.set_exception(
            WorkerFencedError(
                f"{reason}: generation {self._membership.generation} of group "
                f"{self._membership.group_id} is over; its work is not committed"
            )
        )


class _PromptAddPartitionsHandler(AddPartitionsToTxnHandler):
    """Begins a transaction as soon as the one before is written, not up to 20 ms later."""

    def handle_response(self, response: Any) -> float | None:
        backoff: float | None = super().handle_response(response)
        return None if backoff is None else min(backoff, self._default_backoff)


class FencedProducer(AIOKafkaProducer):
    """A transactional producer whose offset commits are fenced by group generation."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._membership: Membership | None = None
        # aiokafka creates its sender itself; these are the steps of it that must differ.
        self._find_once = self._sender._find_coordinator  # noqa: SLF001
        self._sender._find_coordinator = self._find_coordinator  # noqa: SLF001
        self._sender._do_txn_offset_commit = self._commit_fenced  # noqa: SLF001
        self._sender._do_add_partitions_to_txn = self._add_partitions  # noqa: SLF001

    async def send_fenced_offsets(
        self, offsets: Mapping[KafkaTopicPartition, int], membership: Membership
    ) -> None:
        """Add input positions to the open transaction.

        Raises:
            WorkerFencedError: the group has moved on since `membership`.
        """
        self._membership = membership
        await self.send_offsets_to_transaction(offsets, membership.group_id)

    async def _find_coordinator(self, kind: CoordinationType, key: str) -> int:
        """Ask again while nobody answers: aiokafka's sender dies if the broker does meanwhile."""
        while True:
            try:
                node_id: int = await self._find_once(kind, key)
            except errors.KafkaError as error:
                if not isinstance(error.__cause__, _NO_ANSWER):
                    raise
                await asyncio.sleep(self._sender._retry_backoff)  # noqa: SLF001
            else:
                return node_id

    async def _add_partitions(self, partitions: Any) -> None:
        sender = self._sender
        transactional_id = sender._txn_manager.transactional_id  # noqa: SLF001
        coordinator = await sender._find_coordinator(CoordinationType.TRANSACTION, transactional_id)  # noqa: SLF001
        await _PromptAddPartitionsHandler(sender, partitions).do(coordinator)

    async def _commit_fenced(self, offsets: Mapping[Any, Any], group_id: str) -> None:
        if not offsets:
            return
        if self._membership is None:
            raise errors.IllegalOperation("offsets were added without a membership")
        node_id = await self._sender._find_coordinator(CoordinationType.GROUP, group_id)  # noqa: SLF001
        await _FencedCommitHandler(self._sender, offsets, self._membership).do(node_id)


class _StableFetch(Request[OffsetFetchRequestV7]):
    API_KEY = 9

    def __init__(self, *fields: Any) -> None:
        self._fields = fields

    def build(self, request_struct_class: Any) -> Any:
        return request_struct_class(*self._fields)


async def fetch_stable_offsets(
    coordinator: GroupCoordinator, partitions: list[KafkaTopicPartition]
) -> dict[KafkaTopicPartition, OffsetAndMetadata]:
    """Committed offsets, none of which an open transaction may still change.

    Stands in for `GroupCoordinator._do_fetch_commit_offsets`, whose caller retries on retriable
    errors: an unstable offset is raised as one.
    """
    by_topic: defaultdict[str, list[int]] = defaultdict(list)
    for tp in partitions:
        by_topic[tp.topic].append(tp.partition)
    request = _StableFetch(
        coordinator.group_id,
        [(topic, numbers, {}) for topic, numbers in by_topic.items()],
        True,
        {},
    )
    response = await coordinator._send_req(request)  # noqa: SLF001
    offsets = {}
    for topic, fetched, _ in response.topics:
        for partition, offset, _, metadata, code, _ in fetched:
            _raise_for(code or response.error_code, coordinator)
            if offset >= 0:
                tp = KafkaTopicPartition(topic, partition)
                offsets[tp] = OffsetAndMetadata(offset, metadata or "")
    return offsets


def _raise_for(code: int, coordinator: GroupCoordinator) -> None:
    if code == 0:
        return
    if code == _ERROR_UNSTABLE_OFFSET_COMMIT:
        raise errors.GroupLoadInProgressError("an open transaction may still change the offset")
    error = errors.for_code(code)
    if error is errors.NotCoordinatorForGroupError:
        coordinator.coordinator_dead()
    raise error()
