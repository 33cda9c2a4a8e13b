"""The second check, by the domain itself: every ticket's log derived anew from its inputs and looks (semantics 5.3).

The feed's comparison, told what the run's callers were told: accepted commands, each by its mark.
"""

from collections.abc import Iterator, Sequence

from services.desk_log.log import Case
from services.desk_log.plan import Plan
from services.feed.compare import look_into
from services.feed.run import Driven
from services.records import Records, connect
from services.records.clock import parse
from tests.chaos.facts import Asked, Verdict
from tests.chaos.findings import Finding, What
from tests.chaos.parts import Cast
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.commands import ChangePolicy, Command, DecideCredit, FlagCustomer, Import, Open
from workflows.domain.ticket.roster import RosterAnswer


async def rederive(cast: Cast, asked: Sequence[Asked]) -> Iterator[Finding]:
    """Give what is not as the domain says, once every ticket was looked into."""
    async with await connect(cast.record, parse(cast.env["FOLLOWTHROUGH_CLOCK"])) as records:
        accepted = [each for each in asked if each.final and each.final.verdict is Verdict.DONE]
        marks = {each.mark for each in accepted}
        driven = [await _driven(records, each, marks) for each in accepted if each.kind in {"open", "import"}]
        found = await look_into(records.queries, driven, lambda: None)
        by_channels = {each.final.ticket_id: each for each in accepted if each.final and each.kind == "receive_contact"}
        received = await look_into(
            records.queries, [await _driven(records, each, marks) for each in by_channels.values()], lambda: None
        )
    findings = [
        Finding(
            what=What.NOT_DERIVED,
            ticket_id=each.ticket_id,
            text=f"{each.where}: recorded {each.recorded}, derived {each.derived}",
        )
        # Of what channels received, no case says how it was to be opened: only the log is compared.
        for each in (*found.mismatches, *received.mismatches)
    ]
    findings += [Finding(what=What.NOT_DERIVED, ticket_id="", text=text) for text in found.lost]
    if found.other_rules:
        text = f"{found.other_rules} tickets were judged by other rules"
        findings.append(Finding(what=What.NOT_DERIVED, ticket_id="", text=text))
    return iter(findings)


async def _driven(records: Records, opening: Asked, marks: set[str]) -> Driven:
    """Write down one ticket's run as the feed would have it."""
    ticket_id = opening.final.ticket_id if opening.final else ""
    inputs = await records.queries.inputs(ticket_id)
    plan = Plan(case=Case(case=opening.mark, rows=()), rows=())
    said: list[Command] = [
        each.command
        for each in inputs
        if not isinstance(each.command, Open | Import | RosterAnswer | Closure | ChangePolicy)
        and (each.command.actor in marks or isinstance(each.command, FlagCustomer | DecideCredit))
    ]
    return Driven(plan=plan, ticket_id=ticket_id, said=said)
