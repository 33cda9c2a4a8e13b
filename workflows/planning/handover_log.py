"""What a ticket's log tells whoever has it next: of each kind the latest lines, and how many there are besides.

A log of thousands of lines is held in a page's worth. For the desk's eyes: notes and reasons are in it.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from workflows.domain.money import Money, plainly
from workflows.domain.ticket.events import (
    Acknowledged,
    Assigned,
    ClockBreached,
    Confirmed,
    ContactReceived,
    CreditMoved,
    CreditOffered,
    CreditProposed,
    CreditRefused,
    CustomerReminded,
    Entry,
    Escalated,
    EscalationAbsorbed,
    Held,
    HoldEnded,
    Imported,
    LadderExhausted,
    Merged,
    NoteAdded,
    Opened,
    PriorityChanged,
    ProblemLinked,
    ProblemUnlinked,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
    Rated,
    Rejected,
    Reopened,
    Resolved,
    TierSkipped,
    TimeLogged,
    TookOver,
    Transferred,
    UpdatePosted,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.words import ContactKind, Target, WaitEnd
from workflows.planning.handover_lines import Broken, Latest
from workflows.planning.handover_story import (
    LinkedProblem,
    MergedStory,
    Question,
    StillPromised,
    Story,
    by_the_minute,
)
from workflows.planning.local_time import Wall
from workflows.planning.wording import of_causes, of_skip

LATEST_BROKEN = 4
LATEST_CONTACTS = 5
LATEST_ASKED = 3
LATEST_TOLD = 3
LATEST_HAND_OFFS = 5
LATEST_NOTES = 4


READ = frozenset(
    {
        "acknowledged",
        "assigned",
        "clock_breached",
        "confirmed",
        "contact_received",
        "credit_moved",
        "credit_offered",
        "credit_proposed",
        "credit_refused",
        "customer_reminded",
        "escalated",
        "escalation_absorbed",
        "held",
        "hold_ended",
        "imported",
        "ladder_exhausted",
        "merged",
        "note_added",
        "priority_changed",
        "problem_linked",
        "problem_unlinked",
        "promise_broken",
        "promise_cancelled",
        "promise_changed",
        "promise_kept",
        "promise_made",
        "rated",
        "rejected",
        "reopened",
        "resolved",
        "tier_skipped",
        "time_logged",
        "took_over",
        "transferred",
        "update_posted",
        "wait_ended",
        "wait_started",
    }
)
"""Kinds of lines that a story is read from, by their names in the record; every other may be left out."""


def merged_story(ticket_id: str, entries: Iterable[Entry], zone: str) -> MergedStory | None:
    """Condense the log of a ticket that was merged into another; none where it does not begin with the opening."""
    lines = iter(entries)
    first = next(lines, None)
    if first is None or not isinstance(first.event, Opened):
        return None
    # That it was merged is why it is told at all.
    told = story((line for line in lines if not isinstance(line.event, Merged)), zone)
    opened = first.event
    return MergedStory(
        ticket_id=ticket_id,
        reference=opened.reference,
        subject=opened.subject,
        description=opened.description,
        opened_at=first.at,
        story=told,
    )


def story(entries: Iterable[Entry], zone: str) -> Story:
    """Condense all lines of a log. `zone` is the IANA name of the clock by which instants within texts are said."""
    reading = _Reading(Wall(zone))
    for entry in entries:
        reading.read(entry)
    return reading.story()


class _Reading:
    """A log, read line by line."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self.broken = Broken(wall, LATEST_BROKEN)
        self.contacts = Latest(LATEST_CONTACTS, wall)
        self.told = Latest(LATEST_TOLD, wall)
        self.hand_offs = Latest(LATEST_HAND_OFFS, wall)
        self.notes = Latest(LATEST_NOTES, wall)
        self.questions: deque[Question] = deque(maxlen=LATEST_ASKED)
        self.asked = 0
        self.time_spent = timedelta()
        self.titles: dict[str, str] = {}
        self.promised: dict[str, StillPromised] = {}
        self.explanation = ""
        self.alternative = ""

    def story(self) -> Story:
        """What was read."""
        return Story(
            broken=self.broken.part(),
            owed=self.broken.owed(),
            promised=tuple(sorted(self.promised.values(), key=lambda each: (each.promised_at, each.name))),
            contacts=self.contacts.part(),
            questions=tuple(self.questions),
            questions_left_out=self.asked - len(self.questions),
            told=self.told.part(),
            hand_offs=self.hand_offs.part(),
            notes=self.notes.part(),
            time_spent=self.time_spent,
            problems=tuple(LinkedProblem(problem_id=each, title=title) for each, title in self.titles.items()),
            explanation=self.explanation,
            alternative=self.alternative,
        )

    def _said(self, at: datetime) -> str:
        return by_the_minute(self._wall, at)

    def read(self, entry: Entry) -> None:
        """Read on by one line."""
        match entry.event:
            case ContactReceived() | Confirmed() | Rejected() | Rated():
                self._of_customer(entry, entry.event)
            case WaitStarted() | CustomerReminded() | WaitEnded():
                self._of_question(entry, entry.event)
            case UpdatePosted() | Resolved() | CreditOffered():
                self._of_desk(entry, entry.event)
            case PromiseMade() | PromiseChanged() | PromiseKept() | PromiseCancelled():
                self._of_promise(entry, entry.event)
            case ClockBreached() | PromiseBroken():
                self._of_breach(entry, entry.event)
            case NoteAdded() | Held() | HoldEnded() | CreditProposed() | CreditMoved() | CreditRefused():
                self._of_desks_own(entry, entry.event)
            case TimeLogged(spent=spent):
                self.time_spent += spent
            case ProblemLinked(problem_id=problem_id, title=title):
                self.titles[problem_id] = title
            case ProblemUnlinked(problem_id=problem_id):
                self.titles.pop(problem_id, None)
            case _:
                self._of_ladder(entry)

    def _of_customer(self, entry: Entry, event: ContactReceived | Confirmed | Rejected | Rated) -> None:
        match event:
            case ContactReceived(answered_wait=True):
                self.contacts.add(entry, _with("answered", event.channel, event.text))
                if self.questions:
                    self.questions[-1] = replace(self.questions[-1], answered_at=entry.at, answer=event.text)
            case ContactReceived():
                self.contacts.add(entry, _with(_CAME[event.kind], event.channel, event.text))
            case Confirmed():
                self.contacts.add(entry, "says that it is solved")
            case Rejected(reason=reason):
                self.contacts.add(entry, f"says that it is not solved: {reason}")
            case Rated(stars=stars, comment=comment):
                self.contacts.add(entry, f"rates it {stars} of 5{f': {comment}' if comment else ''}")

    def _of_question(self, entry: Entry, event: WaitStarted | CustomerReminded | WaitEnded) -> None:
        match event:
            case WaitStarted(question=question):
                self.broken.told()
                self.asked += 1
                asked = Question(sequence=entry.sequence, asked_at=entry.at, actor=entry.actor, question=question)
                self.questions.append(asked)
            case CustomerReminded(number=number):
                if self.questions:
                    self.questions[-1] = replace(self.questions[-1], reminders=number)
            case WaitEnded(by=WaitEnd.CONTINUED, reason=reason):
                self.notes.add(entry, f"went on without an answer: {reason}")
            case WaitEnded():
                pass  # the answer, the resolution or the giving up says so itself

    def _of_desk(self, entry: Entry, event: UpdatePosted | Resolved | CreditOffered) -> None:
        match event:
            case UpdatePosted(text=text):
                self.broken.told()
                self.told.add(entry, text)
            case Resolved():
                self.broken.told()
                self.explanation, self.alternative = event.explanation, event.alternative or ""
                instead = f"; offered instead: {event.alternative}" if event.alternative else ""
                self.told.add(entry, f"resolved as {_spaced(event.outcome)}: {event.explanation}{instead}")
            case CreditOffered(earned_by=broken):
                money = plainly(Money(minor=event.minor, currency=event.currency))
                if broken is not None:
                    self.broken.offered(broken, money)
                    return
                self.told.add(entry, f"offered a credit of {money}")
                if event.reason and event.approved_by is None:
                    self.notes.add(entry, f"why the credit of {money}: {event.reason}")
                elif event.approved_by is not None:
                    self.notes.add(entry, f"the lead agrees to the credit of {money}")

    def _of_promise(self, entry: Entry, event: PromiseMade | PromiseChanged | PromiseKept | PromiseCancelled) -> None:
        match event:
            case PromiseMade():
                self.broken.promised_anew(event.name)
                self.promised[event.name] = StillPromised(
                    name=event.name,
                    kind=event.kind,
                    owner=event.owner,
                    promised_at=event.promised_at,
                    words=event.words,
                )
                if not event.is_engines:
                    words = f": {event.words}" if event.words else ""
                    self.told.add(entry, f"promised {event.name!r} for {self._said(event.promised_at)}{words}")
            case PromiseChanged(name=name, promised_at=promised_at, words=words):
                if before := self.promised.get(name):
                    self.promised[name] = replace(before, promised_at=promised_at, words=words)
                instead = f"{self._said(promised_at)} instead of {self._said(event.from_promised_at)}"
                self.told.add(entry, f"promised {name!r} for {instead}: {words}")
            case PromiseKept():
                if not event.is_late:  # what is done late was over before
                    self.promised.pop(event.name, None)
                self._of_kept(entry, event)
            case PromiseCancelled(name=name):
                self.promised.pop(name, None)

    def _of_kept(self, entry: Entry, event: PromiseKept) -> None:
        """Done, late or not; a message that kept it is told as the message that it was."""
        if event.is_late:
            self.broken.done_late(event.name, event.run, entry.at)
        if event.words:
            self.told.add(
                entry, f"{event.name!r} done as promised{' but late' if event.is_late else ''}: {event.words}"
            )

    def _of_desks_own(
        self, entry: Entry, event: NoteAdded | Held | HoldEnded | CreditProposed | CreditMoved | CreditRefused
    ) -> None:
        match event:
            case NoteAdded(text=text):
                self.notes.add(entry, text)
            case Held(reason=reason):
                self.notes.add(entry, f"on hold: {reason}")
            case HoldEnded(reason=why):
                self.notes.add(entry, f"no longer on hold{f': {why}' if why else ''}")
            case CreditProposed(minor=minor, currency=currency, reason=reason):
                money = plainly(Money(minor=minor, currency=currency))
                taken = f" (of {event.merged_reference})" if event.merged_reference else ""
                self.notes.add(entry, f"asked the lead for a credit of {money}{taken}: {reason}")
            case CreditMoved(survivor_reference=reference):
                self.notes.add(entry, f"the lead decides the credit on {reference}")
            case CreditRefused(reason=reason):
                self.notes.add(entry, f"the lead refuses the credit: {reason}")

    def _of_breach(self, entry: Entry, event: ClockBreached | PromiseBroken) -> None:
        match event:
            case ClockBreached():
                key = (event.target, event.tier) if event.target.is_the_tiers else event.target
                self.broken.miss(
                    entry, key, _missed(event), event.due_at, count=event.count, last_due_at=event.last_due_at
                )
            case PromiseBroken():
                before = self.promised.pop(event.name, None)
                if event.is_engines:  # it is the same silence that the clock tells of
                    self.broken.miss(entry, Target.UPDATE, f"{_MISSED[Target.UPDATE]} in time", event.due_at)
                    return
                promise = StillPromised(
                    name=event.name,
                    kind=event.kind,
                    owner=event.owner,
                    promised_at=event.due_at,
                    words=before.words if before else "",
                )
                self.broken.promise(entry, event.run, promise)

    def _of_ladder(self, entry: Entry) -> None:
        match entry.event:
            case Escalated(from_tier=lower, to_tier=upper):
                why = _why(of_causes(entry.event.causes), entry.event.reason)
                self.hand_offs.add(entry, f"{lower} to {upper}: {why}{_again(is_so=entry.event.is_ping_pong)}")
            case Transferred(from_tier=before, to_tier=after, reason=reason):
                again = _again(is_so=entry.event.is_ping_pong)
                self.hand_offs.add(entry, f"{before} to {after} by hand: {reason}{again}")
            case TierSkipped(tier=tier, why=reason):
                self.hand_offs.add(entry, f"{tier} passed by: {of_skip(reason)}", ("passed", tier))
            case EscalationAbsorbed(tier=tier, causes=causes):
                text = f"stayed with {tier}, which had it that very moment: {of_causes(causes)}"
                self.hand_offs.add(entry, text, ("stayed", tier))
            case LadderExhausted(tier=tier, last_resort=last_resort):
                why = _why(of_causes(entry.event.causes), entry.event.reason)
                text = f"nobody is above {tier}, {last_resort} is told: {why}"
                self.hand_offs.add(entry, text, ("nobody above", tier))
            case _:
                self._of_hands(entry)

    def _of_hands(self, entry: Entry) -> None:
        match entry.event:
            case Acknowledged(handler=handler, tier=tier):
                self.hand_offs.add(entry, f"{handler} of {tier} took it on")
            case Assigned(from_handler=before, handler=handler):
                self.hand_offs.add(entry, f"{before} passed it on to {handler}")
            case Imported():
                self._of_import(entry, entry.event)
            case Merged(survivor_reference=reference, explanation=explanation):
                told = f": {explanation}" if explanation else ""
                self.hand_offs.add(entry, f"merged into {reference}, which goes on{told}")
            case Reopened(reason=reason):
                self.hand_offs.add(entry, f"taken up again: {reason}")
            case PriorityChanged(from_priority=before, priority=after, reason=reason):
                self.hand_offs.add(entry, f"priority {before} to {after}: {reason}")
            case TookOver(reference=reference):
                self.hand_offs.add(entry, f"{reference} of the same customer was merged into it")
            case _:
                pass  # bookkeeping, or what the ticket itself has

    def _of_import(self, entry: Entry, event: Imported) -> None:
        called = f", where it is called {', '.join(event.references)}" if event.references else ""
        self.hand_offs.add(entry, f"came from elsewhere{called}")
        for had in event.breaches:
            by = f" by {had.tier}" if had.tier else ""
            key, what = ("elsewhere", had.target, had.tier), f"{_MISSED[had.target]}{by} in time"
            self.broken.miss(entry, key, what, had.due_at, besides=", before it came")


_CAME = {
    ContactKind.NEWS: "asked for news",
    ContactKind.INFORMATION: "brought information",
    ContactKind.COMPLAINT: "complained",
}
_MISSED = {
    Target.ACKNOWLEDGE: "not acknowledged",
    Target.TIER_RESOLVE: "not resolved",
    Target.UPDATE: "no news for the customer",
    Target.RESOLVE: "not solved for the customer",
}


def _with(what: str, channel: str, text: str) -> str:
    return f"{what} by {channel}{f': {text}' if text else ''}"


def _missed(event: ClockBreached) -> str:
    missed = _MISSED[event.target]
    return f"{missed} by {event.tier} in time" if event.target.is_the_tiers else f"{missed} in time"


def _why(causes: str, reason: str | None) -> str:
    return f"{causes}: {reason}" if reason else causes


def _again(*, is_so: bool) -> str:
    return " (not for the first time)" if is_so else ""


def _spaced(word: str) -> str:
    return word.replace("_", " ")
