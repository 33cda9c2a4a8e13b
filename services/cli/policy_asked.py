"""What `policy explain` and `policy diff` ask of a policy, read from the command line: a priority, an instant, acts."""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

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
AT = (
    "When the ticket is opened: as ISO with an offset, or by the clock on the wall in the policy's zone, like "
    "'2026-11-27 17:55'; so with every T. Default: five minutes before the coming week's longest closed stretch."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Everything that was typed of one story."""

    at: str | None
    acknowledged: Sequence[str]
    updated: Sequence[str]
    asked: Sequence[str]
    resolved: Sequence[str]
    empty: Sequence[str]
    zone: str | None

    def story(self, policy: Policy, priority: str, at: datetime) -> Timeline:
        """Tell it; `Failed` with exit code 2 for what cannot be told."""
        try:
            if self.zone:
                zones.zone(self.zone)
            return timeline(
                policy,
                priority=priority,
                at=at,
                acts=tuple(self._acts(policy)),
                empty=[one_of("tier", name, policy.tier_names) for name in self.empty],
                customer_zone=self.zone,
            )
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

    @_option("--at", "at", "T", AT)
    @_option("--ack-at", "acknowledged", "[TIER=]T", "Somebody acknowledges then, for that tier, else for the first.")
    @_option("--update-at", "updated", "T", "A person tells the customer something then.")
    @_option("--ask-at", "asked", "T", "The customer is asked something then, and waited for.")
    @_option("--resolve-at", "resolved", "T", "It is resolved then.")
    @_option("--empty", "empty", "TIER", "Nobody is on duty in that tier.")
    @_option("--zone", "zone", "ZONE", "The customer's, like Europe/Dublin. Default: the policy's.")
    @functools.wraps(command)
    def with_options(**options: Any) -> None:  # noqa: ANN401 - click's
        command(Asked(**{each.name: options.pop(each.name) for each in fields(Asked)}), **options)

    return with_options


def _option(option: str, name: str, metavar: str, text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare an option of a story, one that may be given again where `Asked` has room for several."""
    is_several = name not in {"at", "zone"}
    again = " May be given again." if is_several else ""
    return click.option(option, name, metavar=metavar, multiple=is_several, help=f"{text}{again}")


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
