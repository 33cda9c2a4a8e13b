"""Policies by version, as tickets carry them: read once a process, stored once a record, never changed."""

import logging
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from services.records import codec
from services.records.door import is_possible
from services.records.errors import PolicyTooNew, PolicyUnreadable
from services.records.faults import spoken_plainly
from services.records.rows import PolicyColumns
from services.records.statements import Opening, Statements
from workflows.domain.policy import Policy

logger = logging.getLogger(__name__)


class KnownPolicies(Mapping[str, Policy]):
    """The policies that this process has met and knows to be stored, by version."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._known: dict[str, Policy] = {}
        self._too_new: set[str] = set()

    @property
    def too_new(self) -> Collection[str]:
        """Versions that a newer release wrote, as far as they were met: their tickets are that release's."""
        return self._too_new

    async def learn(self, version: str) -> Policy:
        """Read a snapshot from the record, if it was not read before.

        Raises `PolicyTooNew`, `PolicyUnreadable`; it is the trouble of those tickets alone that carry the version.
        """
        if version not in self._known:
            with spoken_plainly():
                body = await self._statements.policy(version) if is_possible(version) else None
            self._known[version] = self._read(version, body)
        return self._known[version]

    async def look_for(self, version: str) -> dict[str, PolicyUnreadable]:
        """Learn a version; if it cannot be read, say why not, under its name."""
        try:
            await self.learn(version)
        except PolicyUnreadable as why:
            return {version: why}
        return {}

    async def keep(self, opening: Opening, version: str, policy: Policy, real_at: datetime) -> None:
        """Store the snapshot that a ticket is to carry, unless it is known to be."""
        if version not in self._known:
            await opening.keep_policy(PolicyColumns(version, policy.name, codec.policy_to_json(policy), real_at))

    def add(self, version: str, policy: Policy) -> None:
        """Note that the snapshot is committed, with a ticket that carries this version or before there is one."""
        self._known[version] = policy

    def _read(self, version: str, body: str | None) -> Policy:
        if body is None:
            raise PolicyUnreadable(version, "it is not in the record")
        try:
            return codec.policy_from_json(version, body)
        except PolicyTooNew:
            self._too_new.add(version)
            raise
        except Exception as error:  # whatever it is, tickets under other versions go on
            logger.exception("policy cannot be read", extra={"policy_version": version})
            raise PolicyUnreadable(version, type(error).__name__) from None

    def __getitem__(self, version: str) -> Policy:
        return self._known[version]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
