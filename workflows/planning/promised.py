"""What the customer is promised, in the customer's own terms: the content of the page for customers (7.4).

Knows which of a policy's figures a customer may count on, and which sentences say them. No language, no layout, and
nothing that a customer need not know.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.opening_hours import written
from workflows.domain.policy import Policy
from workflows.domain.policy_rows import Tier
from workflows.domain.ticket.words import Target
from workflows.planning.page_words import HEADINGS, PageWords
from workflows.planning.publication import Publication


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPriority:
    """What is promised for one priority; every length is open time of the hours on the page."""

    name: str
    words: str
    """What it is, for a customer; empty when the name must do."""
    answer: str
    """Somebody has taken it on within so long."""
    news: str
    """A person tells the customer something at least so often, whichever tier has it."""
    solved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTier:
    """One rung, as a customer meets it."""

    name: str
    words: str
    hours: str
    """By the clocks of its own zone, which is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDay:
    """A date that does not follow the week."""

    day: date
    said: str
    """The day in words."""
    hours: str
    """`closed`, or its own opening hours."""
    name: str
    """What the day is; empty when nobody said."""
    zone: str
    """Whose day it is, where several desks hand on to each other; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """Everything that the page says."""

    publication: Publication
    """As it is written in the page's language."""
    language: str
    direction: str
    headings: Mapping[str, str]
    """What the page says of itself."""
    hours: str
    """By the clocks of its zone, which is named; of each desk where several hand on to each other."""
    other_days: tuple[OtherDay, ...]
    """From the day on from which the page is good, in order; not those on which nobody works anyway."""
    priorities: tuple[OfPriority, ...]
    tiers: tuple[OfTier, ...]
    steps: tuple[str, ...]
    """What happens by itself when a promise is broken: each a sentence."""
    waiting: tuple[str, ...]
    """What happens when the customer is asked something: each a sentence."""
    ending: tuple[str, ...]
    """How it ends, and how it comes back: each a sentence."""
    given: tuple[str, ...]
    """What the customer gets without asking when a promise is broken: each a sentence; empty where it is nothing."""


def promised(policy: Policy, published: Publication, from_day: date, words: PageWords) -> Promised:
    """Say what the policy promises to a customer who reads it on that day or later, in the language of the words.

    Raises `LookupError` where nothing is published in it.
    """
    publication = published.in_language(words.language)
    if publication is None:
        raise LookupError(f"nothing is published in {words.language!r}: use one of {', '.join(published.languages)}")
    of = _Of(policy=policy, publication=publication, is_original=publication is published, words=words)
    return Promised(
        publication=publication,
        language=words.language,
        direction=words.direction,
        headings={heading: words.say(heading) for heading in HEADINGS},
        hours=of.hours(policy.calendar),
        other_days=tuple(of.other_days(from_day)),
        priorities=tuple(map(of.priority, policy.priorities)),
        tiers=tuple(map(of.tier, policy.tiers)),
        steps=tuple(of.steps()),
        waiting=tuple(of.waiting()),
        ending=tuple(of.ending()),
        given=tuple(of.given()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Of:
    """One policy in one language."""

    policy: Policy
    publication: Publication
    is_original: bool
    words: PageWords

    def named(self, name: str) -> str:
        """What customers are told that a tier or a priority is called."""
        return self.publication.names.get(name, name)

    def priority(self, name: str) -> OfPriority:
        """What is promised for one."""
        rows = [tier.targets[name] for tier in self.policy.tiers]
        return OfPriority(
            name=self.named(name),
            words=self.publication.priorities.get(name, ""),
            answer=self.words.length(rows[0].acknowledge),
            news=self.words.length(max(row.update_every for row in rows)),
            solved=self.words.length(self.policy.resolve[name]),
        )

    def tier(self, tier: Tier) -> OfTier:
        """One rung."""
        return OfTier(
            name=self.named(tier.name),
            words=self.publication.tiers.get(tier.name, ""),
            hours=self.hours(tier.calendar),
        )

    def hours(self, calendar: AnyCalendar) -> str:
        """When it is open, by the week."""
        return "; ".join(map(self.words.hours, calendar.desks))

    def other_days(self, from_day: date) -> Iterator[OtherDay]:
        """Yield the dates from a day on that do not follow the week, in order."""
        desks = self.policy.calendar.desks
        closed = self.words.say("closed")
        days = [
            OtherDay(
                day=day,
                said=self.words.date(day),
                hours=hours,
                name=self._day_named(desk.name_of(day)),
                zone=self.words.place(desk.zone) if len(desks) > 1 else "",
            )
            for desk in desks
            for day, hours in (
                *((day, closed) for day in desk.closed if desk.week[day.weekday()]),
                *((day, self.words.hours_of(written(hours))) for day, hours in desk.special),
            )
            if day >= from_day
        ]
        yield from sorted(days, key=lambda each: each.day)

    def _day_named(self, name: str) -> str:
        """A closed date's name, which is in the language of whoever wrote the calendar."""
        return self.publication.names.get(name, name if self.is_original else "")

    def steps(self) -> Iterator[str]:
        """Yield what happens by itself."""
        first, *later = map(self.named, self.policy.tier_names)
        times = self.policy.chases_to_escalate
        if later:
            yield self.words.say("first_tier", tier=first, tiers=tuple(later))
            yield self.words.say("told")
        yield self.words.say("chases_step" if later else "chases_end", times=times)
        yield self.words.say("in_the_end", length=self.policy.remind_every)

    def waiting(self) -> Iterator[str]:
        """Yield what happens when the customer is asked something."""
        if Target.RESOLVE in self.policy.waiting_pauses:
            yield self.words.say("answer_pauses")
        if reminders := self.policy.customer_reminders:
            yield self.words.say("reminded", lengths=tuple(map(self.words.length, reminders)))
        yield self.words.say("given_up", length=self.policy.give_up)

    def ending(self) -> Iterator[str]:
        """Yield how it ends, and comes back."""
        yield self.words.say("sign_off", length=self.policy.sign_off)
        days = self.policy.reopen_window / timedelta(days=1)
        if days < 1:
            yield self.words.say("reopen_hours", length=self.policy.reopen_window)
        else:
            yield self.words.say("reopen_days", days=self.words.number(days), times=ceil(days))
        if self.policy.leaving is not None:
            yield self.words.say("leaving", priority=self.named(self.policy.leaving))

    def given(self) -> Iterator[str]:
        """Yield what the customer gets unasked."""
        if self.policy.credit_for_promise:
            yield self.words.say("credit_promise", credit=self.policy.credit_for_promise)
        if self.policy.credit_for_resolve:
            yield self.words.say("credit_resolve", credit=self.policy.credit_for_resolve)
