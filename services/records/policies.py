"""Policies by version, as tickets carry them: read once a process, stored once a record, never changed."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from services.records import codec
from services.records.errors import RecordFailed
from services.records.faults import spoken_plainly
from services.records.rows import PolicyColumns
from services.records.statements import Opening, Statements
from workflows.domain.policy import Policy
from workflows.domain.policy_data import from_data, to_data


class KnownPolicies(Mapping[str, Policy]):
    """The policies that this process has met, by version."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._known: dict[str, Policy] = {}

    async def learn(self, version: str) -> Policy:
        """Read a snapshot from the record, if it was not read before."""
        if version not in self._known:
            with spoken_plainly():
                body = await self._statements.policy(version)
            if body is None:
                raise RecordFailed(f"policy version {version!r} is not in the record, and a ticket carries it")
            self._known[version] = from_data(codec.data_from_json(body))
        return self._known[version]

    async def keep(self, opening: Opening, version: str, policy: Policy, real_at: datetime) -> None:
        """Store the snapshot that an opening's ticket carries, if this process did not see it stored before."""
        if version in self._known:
            return
        columns = PolicyColumns(version, policy.name, codec.data_to_json(to_data(policy)), real_at)
        await opening.keep_policy(columns)
        self._known[version] = policy

    def __getitem__(self, version: str) -> Policy:
        return self._known[version]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
