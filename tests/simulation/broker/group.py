"""The group coordinator: members, generations, rebalances, sessions (the classic protocol)."""

import asyncio
from collections.abc import Mapping
from enum import Enum
from itertools import count
from typing import NamedTuple

from aiokafka import errors

NO_MEMBER = ""
NO_GENERATION = -1


class Phase(Enum):
    """What the group is doing."""

    EMPTY = "empty"
    JOINING = "joining"
    SYNCING = "syncing"
    STABLE = "stable"


class Joined(NamedTuple):
    """Answer to a join: the new generation and, for its leader, who is in it."""

    generation: int
    member_id: str
    leads: bool
    members: tuple[str, ...]


class Member:
    """A member of the group; `instance_id` makes it a static one."""

    def __init__(self, member_id: str, instance_id: str) -> None:
        self.member_id = member_id
        self.instance_id = instance_id
        self.deadline_s = 0.0
        self.joining: asyncio.Future[Joined] | None = None
        self.syncing: asyncio.Future[tuple[int, ...]] | None = None


class Group:
    """Static members keep their place over a restart; whoever is silent too long loses it."""

    def __init__(self, session_timeout_s: float, rebalance_timeout_s: float) -> None:
        self.generation = 0
        self.phase = Phase.EMPTY
        self.rebalances = 0
        self.expired = 0
        self._session_timeout_s = session_timeout_s
        self._rebalance_timeout_s = rebalance_timeout_s
        self._members: dict[str, Member] = {}
        self._leader = NO_MEMBER
        self._assignment: dict[str, tuple[int, ...]] = {}
        self._numbers = count(1)

    def join(self, member_id: str, instance_id: str) -> "asyncio.Future[Joined]":
        """Join or join again; answered when everyone has, or the time for it is over."""
        answer: asyncio.Future[Joined] = asyncio.get_running_loop().create_future()
        if member_id == NO_MEMBER:
            member = self._admit(instance_id, answer)
            if member is None:
                return answer
        else:
            member = self._checked(member_id, instance_id)
            if self.phase is Phase.STABLE and member_id != self._leader:
                self._touch(member)
                answer.set_result(Joined(self.generation, member_id, False, ()))
                return answer
        member.joining = answer
        if self.phase is not Phase.JOINING:
            self._rebalance()
        self._maybe_complete()
        return answer

    def sync(
        self,
        member_id: str,
        instance_id: str,
        generation: int,
        assignment: Mapping[str, tuple[int, ...]] | None,
    ) -> "asyncio.Future[tuple[int, ...]]":
        """Tell a member its partitions; answered when the leader has told them."""
        member = self._checked(member_id, instance_id)
        if generation != self.generation:
            raise errors.IllegalGenerationError
        if self.phase is Phase.JOINING:
            raise errors.RebalanceInProgressError
        self._touch(member)
        answer = member.syncing = asyncio.get_running_loop().create_future()
        if self.phase is Phase.SYNCING and assignment is not None:
            self._assignment = dict(assignment)
            self.phase = Phase.STABLE
        if self.phase is Phase.STABLE:
            for each in self._members.values():
                self._answer_sync(each)
        return answer

    def heartbeat(self, member_id: str, generation: int) -> None:
        """Say that a member lives; its request does not carry its instance id (version 1)."""
        member = self._members.get(member_id)
        if member is None:
            raise errors.UnknownMemberIdError
        if generation != self.generation:
            raise errors.IllegalGenerationError
        self._touch(member)
        if self.phase is Phase.JOINING:
            raise errors.RebalanceInProgressError

    def check_commit(self, generation: int, member_id: str, instance_id: str | None) -> None:
        """Refuse a transactional commit by whom the group does not know, or no longer (KIP-447).

        A request of the older version names neither; Kafka takes it from anyone.
        """
        if generation < 0 and member_id == NO_MEMBER and instance_id is None:
            return
        self._checked(member_id, instance_id)
        if generation != self.generation:
            raise errors.IllegalGenerationError

    def _admit(self, instance_id: str, answer: "asyncio.Future[Joined]") -> Member | None:
        """A member with a new id; None where it goes on as the static member it was before."""
        member = Member(f"{instance_id}#{next(self._numbers)}", instance_id)
        former = next((m for m in self._members.values() if m.instance_id == instance_id), None)
        if former is not None:
            self._replace(former, member)
            if self.phase is Phase.STABLE:
                answer.set_result(Joined(self.generation, member.member_id, False, ()))
                return None
        self._members[member.member_id] = member
        return member

    def _replace(self, former: Member, member: Member) -> None:
        del self._members[former.member_id]
        self._members[member.member_id] = member
        for waiting in (former.joining, former.syncing):
            if waiting and not waiting.done():
                waiting.set_exception(FencedInstanceIdError())
        if former.member_id == self._leader:
            self._leader = member.member_id
        self._touch(member)

    def _checked(self, member_id: str, instance_id: str | None) -> Member:
        if instance_id is not None:
            current = next(
                (m for m in self._members.values() if m.instance_id == instance_id), None
            )
            if current is None:
                raise errors.UnknownMemberIdError
            if current.member_id != member_id:
                raise FencedInstanceIdError
        member = self._members.get(member_id)
        if member is None:
            raise errors.UnknownMemberIdError
        return member

    def _rebalance(self) -> None:
        self.phase = Phase.JOINING
        self.rebalances += 1
        for member in self._members.values():
            if member.syncing and not member.syncing.done():
                member.syncing.set_exception(errors.RebalanceInProgressError())
        asyncio.get_running_loop().call_later(
            self._rebalance_timeout_s, self._complete_late, self.rebalances
        )

    def _maybe_complete(self) -> None:
        if self.phase is Phase.JOINING and all(_waits(m.joining) for m in self._members.values()):
            self._complete()

    def _complete_late(self, rebalance: int) -> None:
        """Go on without those that did not join again; static ones keep their place until they
        have been silent for too long."""
        if self.phase is Phase.JOINING and self.rebalances == rebalance:
            if any(_waits(member.joining) for member in self._members.values()):
                self._complete()
            else:
                self._rebalance()

    def _complete(self) -> None:
        if not self._members:
            self.phase = Phase.EMPTY
            return
        self.generation += 1
        self.phase = Phase.SYNCING
        joined = [member for member in self._members.values() if _waits(member.joining)]
        if self._leader not in {member.member_id for member in joined}:
            self._leader = joined[0].member_id
        ids = tuple(sorted(self._members))
        for member in self._members.values():
            self._touch(member)
            if member.joining and not member.joining.done():
                leads = member.member_id == self._leader
                member.joining.set_result(
                    Joined(self.generation, member.member_id, leads, ids if leads else ())
                )
            member.joining = None

    def _answer_sync(self, member: Member) -> None:
        if member.syncing and not member.syncing.done():
            member.syncing.set_result(self._assignment.get(member.instance_id, ()))
        member.syncing = None

    def _touch(self, member: Member) -> None:
        loop = asyncio.get_running_loop()
        first = not member.deadline_s
        member.deadline_s = loop.time() + self._session_timeout_s
        if first:
            loop.call_at(member.deadline_s, self._look_at, member)

    def _look_at(self, member: Member) -> None:
        """Remove a member that was silent for too long; look again later at one that was not."""
        loop = asyncio.get_running_loop()
        if self._members.get(member.member_id) is not member:
            return
        if _waits(member.joining) or _waits(member.syncing):
            member.deadline_s = loop.time() + self._session_timeout_s
        if member.deadline_s > loop.time():
            loop.call_at(member.deadline_s, self._look_at, member)
            return
        del self._members[member.member_id]
        self.expired += 1
        if not self._members:
            self.generation += 1
            self.phase = Phase.EMPTY
        elif self.phase is Phase.JOINING:
            self._maybe_complete()
        else:
            self._rebalance()


class FencedInstanceIdError(errors.KafkaError):
    """FENCED_INSTANCE_ID: a newer run of the worker has taken its place in the group."""


def _waits(answer: "asyncio.Future[Joined] | asyncio.Future[tuple[int, ...]] | None") -> bool:
    return answer is not None and not answer.done()
