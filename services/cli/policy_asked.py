"""What `policy explain` and `policy diff` ask of a policy, read from the command line: a priority, an instant, acts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

import click

from services.cli.failing import Failed
from workflows.domain import zones
from workflows.domain.errors import DomainError
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Acknowledge, Command, PostUpdate, Resolve, WaitOnCustomer
from workflows.domain.ticket.words import Outcome
from workflows.planning.local_time import before_the_week_ends, read_instant
from workflows.planning.moments import Act, Timeline
from workflows.planning.timeline import timeline

SOMEBODY = "somebody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Everything that was typed of one story."""

    at: str | None
    acknowledged: Sequence[str]
    updated: Sequence[str]
    asked: Sequence[str]
    resolved: Sequence[str]
    zone: str | None

    def story(self, policy: Policy, priority: str, at: datetime) -> Timeline:
        """Tell it; `Failed` with exit code 2 for what cannot be told."""
        try:
            if self.zone:
                zones.zone(self.zone)
            acts = tuple(self._acts(policy))
            return timeline(policy, priority=priority, at=at, acts=acts, customer_zone=self.zone)
        except DomainError as error:
            raise Failed(str(error), exit_code=2) from None

    def opened_at(self, policy: Policy) -> datetime:
        """When the ticket is opened: as typed, else five minutes before this policy's coming week ends."""
        if self.at is None:
            today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            return before_the_week_ends(policy.calendar, today)
        return _instant("--at", self.at, policy)

    def _acts(self, policy: Policy) -> Iterable[Act]:
        for text in self.acknowledged:
            name, equals, when = text.rpartition("=")
            tier = name or policy.first_tier.name
            if equals:
                one_of("tier", tier, policy.tier_names)
            somebody = f"{SOMEBODY} of {tier}"
            yield Act(
                at=_instant("--ack-at", when, policy), command=Acknowledge(actor=SOMEBODY, handler=somebody, tier=tier)
            )
        others: tuple[tuple[str, Sequence[str], Command], ...] = (
            ("--update-at", self.updated, PostUpdate(actor=SOMEBODY, text="")),
            ("--ask-at", self.asked, WaitOnCustomer(actor=SOMEBODY, question="")),
            ("--resolve-at", self.resolved, Resolve(actor=SOMEBODY, outcome=Outcome.FIXED, explanation="")),
        )
        for option, texts, command in others:
            yield from (Act(at=_instant(option, text, policy), command=command) for text in texts)


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a story; it gets an `Asked`."""
    local = "as ISO with an offset, or by the clock on the wall in the policy's zone"

    @click.option(
        "--at",
        metavar="T",
        help=f"When the ticket is opened: {local}, like '2026-11-27 17:55'. Default: "
        "five minutes before the coming week's longest closed stretch.",
    )
    @click.option(
        "--ack-at",
        "acknowledged",
        metavar="[TIER=]T",
        multiple=True,
        help="Somebody acknowledges then, speaking for that tier, else for the first. May be given again.",
    )
    @click.option(
        "--update-at", "updated", metavar="T", multiple=True, help="A person tells the customer something then."
    )
    @click.option(
        "--ask-at", "asked", metavar="T", multiple=True, help="The customer is asked something then, and waited for."
    )
    @click.option("--resolve-at", "resolved", metavar="T", multiple=True, help="It is resolved then.")
    @click.option("--zone", help="The customer's zone, like Europe/Dublin. Default: the policy's.")
    def with_options(
        *,
        at: str | None,
        acknowledged: Sequence[str],
        updated: Sequence[str],
        asked: Sequence[str],
        resolved: Sequence[str],
        zone: str | None,
        **options: object,
    ) -> None:
        command(
            Asked(at=at, acknowledged=acknowledged, updated=updated, asked=asked, resolved=resolved, zone=zone),
            **options,
        )

    with_options.__doc__ = command.__doc__
    with_options.__name__ = command.__name__
    return with_options


def one_of(what: str, name: str, known: Sequence[str]) -> str:
    """See that the policy has it; `Failed` with exit code 2 and the nearest name when it has not."""
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of {list(known)}"
        raise Failed(f"there is no {what} {name!r}: {hint}", exit_code=2)
    return name


def _instant(option: str, text: str, policy: Policy) -> datetime:
    try:
        return read_instant(text, policy.calendar.zone)
    except DomainError as error:
        raise Failed(f"{option}: {error}", exit_code=2) from None
