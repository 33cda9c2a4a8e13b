"""A handover as one page of plain text, for whoever has the ticket next: in a message, on a terminal, on paper.

Every instant is said by the customer's own clock. What is long is cut; the log has the whole of it. No page has more
than `MOST_LINES` lines, none of them more than `LONGEST_LINE` characters.
"""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from workflows.domain.money import Money, plainly
from workflows.domain.ticket.state import Clock
from workflows.domain.ticket.words import CreditState, Target, TicketKind
from workflows.planning.handover import Handover, live_clocks
from workflows.planning.handover_story import Part, Question, StillPromised, Story, by_the_minute
from workflows.planning.local_time import Wall, in_full, length_in_words

MOST_LINES = 70
"""What stands on a sheet of paper."""
LONGEST_LINE = 240
"""Characters; most screens show it as two lines."""
DESCRIPTION_WIDTH = 110
"""Characters of a line of what the customer wants, in their own words."""
DESCRIPTION_LINES = 5
PROMISES_SHOWN = 5
CREDITS_SHOWN = 2
PROBLEMS_SHOWN = 2

BROKEN = "BROKEN"
"""What was not kept is said loudly: whoever comes next begins with an apology."""

_CLOCKS = {
    Target.ACKNOWLEDGE: "taken on",
    Target.TIER_RESOLVE: "resolved",
    Target.UPDATE: "the customer hears how it stands",
    Target.RESOLVE: "solved for the customer",
}
_CREDITS = {
    CreditState.AWAITING_APPROVAL: "waits for the lead's word; the customer knows nothing of it",
    CreditState.OFFERED: "was offered",
    CreditState.REFUSED: "was refused by the lead; the customer knows nothing of it",
}


def page(handover: Handover) -> str:
    """Write all of it down; every line ends with a line feed, the last one too."""
    return "".join(f"{line}\n" for line in _Page(handover).lines())


def told(story: Story, zone: str) -> str:
    """Write down what the log tells and no more: how the ticket stands is said beside it."""
    return "\n".join(_Log(story, Wall(zone)).lines()).strip("\n")


class _Log:
    """What a log tells, by one clock."""

    def __init__(self, story: Story, wall: Wall) -> None:
        self._story = story
        self._wall = wall

    def lines(self, clocks: Sequence[str] = (), besides: Sequence[str] = ()) -> Iterator[str]:
        """Part by part, the most pressing first, with what is known besides the log."""
        story = self._story
        yield from _section(BROKEN, [each.text for each in story.broken.said], story.broken.left_out)
        shown = [self._promise(each) for each in story.promised[:PROMISES_SHOWN]]
        yield from _section("Promised, and still open", shown, len(story.promised) - len(shown), "later")
        yield from _section("Clocks", clocks)
        yield from self._part("The customer came", story.contacts)
        asked = [self._question(each) for each in story.questions]
        yield from _section("The customer was asked", asked, story.questions_left_out)
        yield from self._part("The customer was told", story.told)
        yield from self._part("Who had it", story.hand_offs)
        yield from self._part("Notes, not for the customer", story.notes)
        yield from _section("Besides", [*besides, *self._besides()])

    def _promise(self, promise: StillPromised) -> str:
        return f"{self._at(promise.promised_at)}  {promise}{f': {promise.words}' if promise.words else ''}"

    def _question(self, asked: Question) -> str:
        by = f" {asked.actor}" if asked.actor else ""
        begins = f"{self._at(asked.asked_at)}{by}  {_cut(asked.question, LONGEST_LINE // 3)}"
        if asked.answered_at is not None:
            return f"{begins} / answered {self._at(asked.answered_at)}{f': {asked.answer}' if asked.answer else ''}"
        reminded = f", asked again {_times(asked.reminders)}" if asked.reminders else ""
        return f"{begins} / no answer{reminded}"

    def _besides(self) -> Iterator[str]:
        for problem in self._story.problems[-PROBLEMS_SHOWN:]:
            yield f"problem {problem.problem_id} is behind it{f': {problem.title}' if problem.title else ''}"
        if self._story.time_spent:
            yield f"time spent: {_length(self._story.time_spent)}"

    def _part(self, title: str, part: Part) -> Iterator[str]:
        lines = [
            f"{self._at(each.effective_at)}{f' {each.actor}' if each.actor else ''}  {each.text}" for each in part.said
        ]
        yield from _section(title, lines, part.left_out)

    def _at(self, at: datetime) -> str:
        return by_the_minute(self._wall, at)


class _Page:
    """One handover, written by the customer's clock."""

    def __init__(self, handover: Handover) -> None:
        self._handover = handover
        self._ticket = handover.ticket
        self._wall = Wall(handover.ticket.customer.zone)

    def lines(self) -> Iterator[str]:
        """How it stands, then what its log tells."""
        yield from self._head()
        clocks = [self._clock(each) for each in live_clocks(self._ticket)]
        yield from _Log(self._handover.story, self._wall).lines(clocks, list(self._besides()))

    def _head(self) -> Iterator[str]:
        ticket, customer, now = self._ticket, self._ticket.customer, self._handover.as_of
        yield _line(f"Handover of {ticket.reference}, {self._at(now)}; all times are {self._wall.place}'s")
        hands = f"{ticket.handler} has it" if ticket.handler else "nobody has it yet"
        speaks = f"; {ticket.owner} speaks to the customer" if ticket.owner else ""
        yield _line(f"{ticket.priority}, {_spaced(ticket.status)}, with {ticket.tier}: {hands}{speaks}")
        who = f"{customer.name} ({customer.external_id}), speaks {customer.language}"
        local = self._wall.local(now)
        yield _line(f"Customer: {who}; for them it is {in_full(local.date())}, {local:%H:%M} ({customer.zone})")
        leaving = ", and to leave: do not hold them up" if ticket.kind is TicketKind.LEAVING else ""
        yield _line(f"Wants: {ticket.subject}{leaving}")
        yield from _described(ticket.description)
        if step := self._handover.next_step:
            yield _line(f"Next: {step.what}{f', by {self._at(step.due_at)}' if step.due_at else ''}")

    def _clock(self, clock: Clock) -> str:
        what = f"{_CLOCKS[clock.target]}{f' by {clock.tier}' if clock.target.is_the_tiers else ''}"
        if clock.deadline_at is not None:
            return f"{self._at(clock.deadline_at)}  {what}"
        why = f" ({_spaced(clock.pause)})" if clock.pause else ""
        return f"stands still{why}  {what}: {_length(clock.spent)} of {_length(clock.length)} spent"

    def _besides(self) -> Iterator[str]:
        ticket = self._ticket
        if holding := ticket.holding:
            yield f"held since {self._at(holding.since)}: {holding.reason}"
        if resolution := ticket.resolution:
            yield f"resolved as {_spaced(resolution.outcome)}, {self._at(resolution.resolved_at)}"
        if reminding := ticket.reminding:
            yield f"the ladder has ended, and the last resort was told {_times(reminding.sent + 1)}"
        for credit in ticket.credits[-CREDITS_SHOWN:]:
            yield f"a credit of {plainly(Money(minor=credit.minor, currency=credit.currency))} {_CREDITS[credit.state]}"

    def _at(self, at: datetime) -> str:
        return by_the_minute(self._wall, at)


def _section(title: str, lines: Sequence[str], left_out: int = 0, which: str = "earlier") -> Iterator[str]:
    """A part with its title, and how many of it are not told; nothing without lines."""
    if not lines:
        return
    yield ""
    yield f"{title} ({left_out} {which} left out)" if left_out else title
    yield from (f"  {_cut(each, LONGEST_LINE - 2)}" for each in lines)


def _described(description: str) -> Iterator[str]:
    """What the customer wants, in a few lines."""
    wrapped = textwrap.wrap(
        " ".join(description.split()),
        width=DESCRIPTION_WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        max_lines=DESCRIPTION_LINES,
        placeholder=" …",
    )
    yield from wrapped


def _line(text: str) -> str:
    return _cut(text, LONGEST_LINE)


def _cut(text: str, longest: int) -> str:
    """On one line, and no longer than that; two spaces that set something apart stay."""
    text = "  ".join(" ".join(part.split()) for part in text.split("  ", 1))
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _spaced(word: str) -> str:
    return word.replace("_", " ")


def _length(length: timedelta) -> str:
    """To the second, rounded down, as every page says it."""
    return length_in_words(length - length % timedelta(seconds=1))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
