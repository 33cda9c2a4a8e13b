"""A log against the rules: what a ticket's own inputs come to, line by line and as a whole (5.3)."""

from services.records import Records
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.commands import Import, Open
from workflows.domain.ticket.rederive import Input, Learnt, first_difference, looks, rederive
from workflows.domain.ticket.roster import RosterAnswer


async def require_derived(records: Records, *ticket_ids: str) -> None:
    """Each log is what the rules alone say for the ticket's own inputs, by the policies that it was held to."""
    for ticket_id in ticket_ids:
        entries = await records.queries.entries(ticket_id)
        first, *others = await records.queries.inputs(ticket_id)
        assert isinstance(first.command, Open | Import)
        learnt, inputs = list[Learnt](), list[Input]()
        for each in others:
            if isinstance(each.command, RosterAnswer | Closure):
                learnt.append(Learnt(at=each.at, told=each.command))
            else:
                assert not isinstance(each.command, Open | Import)
                inputs.append(Input(at=each.at, command=each.command))
        policy, later = await records.queries.policies_of(entries)
        derived = rederive(policy, first.command, first.at, inputs, looks(entries), learnt=learnt, later=later)
        assert first_difference(entries, derived.entries) is None
        assert derived.ticket == await records.queries.ticket(ticket_id)
