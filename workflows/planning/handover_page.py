"""A handover as one page of plain text, for whoever has the ticket next: in a message, on a terminal, on paper.

Every instant is said by the customer's own clock. What is long is cut; the log has the whole of it. No page has more
than `MOST_LINES` lines, unless what persons promised and nobody has done yet needs them: none of that is left out. None
of them has more than `LONGEST_LINE` characters.
"""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from workflows.domain.money import Money, plainly
from workflows.domain.ticket.state import Clock
from workflows.domain.ticket.words import CreditState, Target, TicketKind
from workflows.planning.handover import Handover, live_clocks
from workflows.planning.handover_sheet import Section, share
from workflows.planning.handover_story import MergedStory, Part, Question, Said, StillPromised, Story, by_the_minute
from workflows.planning.local_time import Wall, in_full, length_in_words

MOST_LINES = 70
"""What stands on a sheet of paper."""
LONGEST_LINE = 240
"""Characters; most screens show it as two lines."""
DESCRIPTION_WIDTH = 110
"""Characters of a line of what the customer wants, in their own words."""
DESCRIPTION_LINES = 5
MERGED_DESCRIPTION_LINES = 2
"""Of what the customer wanted with a ticket that was merged into it."""
OWED_SHOWN = 3
"""Promises that have a line each; the rest of them share lines, for none is left out before it is done."""
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
    CreditState.MOVED: "is decided on the ticket that goes on; the customer knows nothing of it",
}


def page(handover: Handover) -> str:
    """Write all of it down; every line ends with a line feed, the last one too."""
    return "".join(f"{line}\n" for line in _Page(handover).lines())


def told(story: Story, zone: str, merged: Sequence[MergedStory] = ()) -> str:
    """Write down what the log tells and no more: how the ticket stands is said beside it.

    `merged`: what those tell that were merged into it (6.7), within the same page.
    """
    log = _Log(story, Wall(zone))
    return "\n".join(_shown(log.sections(), log.merged(merged), MOST_LINES)).strip("\n")


class _Log:
    """What a log tells, by one clock."""

    def __init__(self, story: Story, wall: Wall) -> None:
        self._story = story
        self._wall = wall

    def sections(self, clocks: Sequence[str] = (), besides: Sequence[str] = ()) -> list[Section]:
        """Part by part, the most pressing first, with what is known besides the log."""
        story = self._story
        owed = _each([each.text for each in story.broken.said if each.is_owed], story.owed, self._wall)
        broken = [each.text for each in story.broken.said if not each.is_owed]
        promised = _each([self._promise(each) for each in story.promised], story.promised, self._wall)
        asked = [self._question(each) for each in story.questions]
        return [
            _section(BROKEN, [*owed, *broken], story.broken.left_out, kept=len(owed)),
            _section("Promised, and still open", promised, kept=len(promised)),
            _section("Clocks", clocks, kept=len(clocks)),
            self._part("The customer came", story.contacts),
            _section("The customer was asked", asked, story.questions_left_out),
            self._part("The customer was told", story.told),
            self._part("Who had it", story.hand_offs),
            self._part("Notes, not for the customer", story.notes),
            _section("Besides", [*besides, *self._besides()]),
        ]

    def merged(self, stories: Sequence[MergedStory]) -> list[Section]:
        """What others tell that were merged into it, a section each: what was wanted there, then all in its order."""
        return [self._merged(each) for each in stories]

    def _merged(self, merged: MergedStory) -> Section:
        story = merged.story
        wanted = [
            f"wanted: {merged.subject}",
            *_wrapped(merged.description, LONGEST_LINE - 4, MERGED_DESCRIPTION_LINES),
        ]
        told = [f"{BROKEN}: {each.text}" for each in story.broken.said if each.is_owed]
        owed = _each(told, story.owed, self._wall, shown=1)
        broken = (each for each in story.broken.said if not each.is_owed)
        said = [(each.sequence, self._said(each, f"{BROKEN}: ")) for each in broken]
        said += [(each.sequence, self._said(each)) for each in (*story.contacts.said, *story.hand_offs.said)]
        said += [(each.sequence, self._said(each, "told: ")) for each in story.told.said]
        said += [(each.sequence, self._said(each, "note: ")) for each in story.notes.said]
        said += [(each.sequence, self._question(each, "asked: ")) for each in story.questions]
        parts = (story.broken, story.contacts, story.hand_offs, story.told, story.notes)
        left_out = sum(part.left_out for part in parts) + story.questions_left_out
        besides = _Log(story, self._wall)._besides()  # noqa: SLF001 - of its own class
        lines = [*wanted, *owed, *(text for _, text in sorted(said)), *besides]
        title = f"From {merged.reference}, opened {self._at(merged.opened_at)} and merged into it"
        return _section(title, lines, left_out, kept=len(wanted) + len(owed))

    def _promise(self, promise: StillPromised) -> str:
        return f"{self._at(promise.promised_at)}  {promise}{f': {promise.words}' if promise.words else ''}"

    def _question(self, asked: Question, what: str = "") -> str:
        by = f" {asked.actor}" if asked.actor else ""
        begins = f"{self._at(asked.asked_at)}{by}  {what}{_cut(asked.question, LONGEST_LINE // 3)}"
        if asked.answered_at is not None:
            return f"{begins} / answered {self._at(asked.answered_at)}{f': {asked.answer}' if asked.answer else ''}"
        reminded = f", asked again {_times(asked.reminders)}" if asked.reminders else ""
        return f"{begins} / no answer{reminded}"

    def _besides(self) -> Iterator[str]:
        for problem in self._story.problems[-PROBLEMS_SHOWN:]:
            yield f"problem {problem.problem_id} is behind it{f': {problem.title}' if problem.title else ''}"
        if self._story.time_spent:
            yield f"time spent: {_length(self._story.time_spent)}"

    def _part(self, title: str, part: Part) -> Section:
        return _section(title, [self._said(each) for each in part.said], part.left_out)

    def _said(self, said: Said, what: str = "") -> str:
        return f"{self._at(said.effective_at)}{f' {said.actor}' if said.actor else ''}  {what}{said.text}"

    def _at(self, at: datetime) -> str:
        return by_the_minute(self._wall, at)


class _Page:
    """One handover, written by the customer's clock."""

    def __init__(self, handover: Handover) -> None:
        self._handover = handover
        self._ticket = handover.ticket
        self._wall = Wall(handover.ticket.customer.zone)

    def lines(self) -> Iterator[str]:
        """How it stands, then what its log tells, and those of the tickets that were merged into it."""
        head = list(self._head())
        yield from head
        clocks = [self._clock(each) for each in live_clocks(self._ticket)]
        log = _Log(self._handover.story, self._wall)
        own, others = log.sections(clocks, list(self._besides())), log.merged(self._handover.merged)
        yield from _shown(own, others, MOST_LINES - len(head))

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


def _section(title: str, lines: Sequence[str], left_out: int = 0, which: str = "earlier", *, kept: int = 0) -> Section:
    """A part with its title, each of its lines no longer than one."""
    cut = tuple(f"  {_cut(each, LONGEST_LINE - 2)}" for each in lines)
    return Section(title=title, lines=cut, left_out=left_out, which=which, kept=kept)


def _each(told: Sequence[str], promises: Sequence[StillPromised], wall: Wall, *, shown: int = OWED_SHOWN) -> list[str]:
    """A line for each of the first, and for the rest as few as hold them: none is left out."""
    return [*told[:shown], *_packed([_instant(each, wall) for each in promises[shown:]])]


def _instant(promise: StillPromised, wall: Wall) -> str:
    """The promise in short."""
    return f"{by_the_minute(wall, promise.promised_at)} {promise}"


def _packed(texts: Sequence[str]) -> list[str]:
    """As many on a line as it holds, none of them cut but to a line's length."""
    lines = list[str]()
    for text in (_cut(each, LONGEST_LINE - 4) for each in texts):
        if lines and len(lines[-1]) + len(text) + 5 <= LONGEST_LINE - 4:
            lines[-1] = f"{lines[-1]}; and {text}"
        else:
            lines.append(text)
    return lines


def _shown(own: Sequence[Section], others: Sequence[Section], room: int) -> Iterator[str]:
    """All of it within so many lines."""
    for section in share(own, others, room):
        yield from section.shown()


def _described(description: str) -> Iterator[str]:
    """What the customer wants, in a few lines."""
    yield from _wrapped(description, DESCRIPTION_WIDTH, DESCRIPTION_LINES)


def _wrapped(text: str, width: int, most: int) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        width=width,
        initial_indent="  ",
        subsequent_indent="  ",
        max_lines=most,
        placeholder=" …",
    )


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
