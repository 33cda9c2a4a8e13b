"""The checker finds nothing in honest facts, and each broken promise in doctored ones."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.records.totals import TOTALS as KEPT
from tests.chaos.check_answers import EFFECTS, ELSEWHERE
from tests.chaos.check_matters import check_matters
from tests.chaos.check_totals import COUNTED, UNCOUNTED
from tests.chaos.checker import check
from tests.chaos.conversation import CASES as CONVERSATION
from tests.chaos.conversation import FINE
from tests.chaos.doctored import (
    HONEST,
    ID,
    NAME,
    NOON,
    REFUSED,
    TOTALS,
    VERSION,
    Doctoring,
    after,
    answered,
    breach,
    clock,
    done,
    honest,
    line,
    standing,
    timer,
    with_lines,
)
from tests.chaos.facts import Answer, Asked, Facts, Input, Line, Message, Printed, Verdict
from tests.chaos.findings import What, counted
from tests.chaos.promises import policy
from tests.chaos.requests import KINDS, REOPEN_WINDOW

UNHEARD = Answer(verdict=Verdict.UNKNOWN, body=b"", text="UNAVAILABLE")
WRONG = Answer(verdict=Verdict.WRONG, body=b"", text="INTERNAL INTERNAL")


def applied(*inputs: Input) -> Doctoring:
    """Have the record say that other commands were applied."""
    return lambda facts: replace(
        facts, inputs={ID: inputs}, standings={ID: replace(facts.standings[ID], inputs=len(inputs))}
    )


OPENED = Input(ticket_id=ID, number=1, kind="open", mark="crm-1/1", at=after(0))
TAKEN = Input(ticket_id=ID, number=2, kind="acknowledge", mark="crm-2/1", at=after(4))


def unwatched(facts: Facts) -> Facts:
    """No workflow of that ticket is there."""
    return replace(facts, timers={})


def doubled(**since: str) -> Doctoring:
    """A ticket of the same matter was opened an hour later; by what happened to the first until then, by the minute."""

    def doctor(facts: Facts) -> Facts:
        body = {"subject": "Re: Matter 1", "customer": {"external_id": "C-1"}, "priority": "urgent", "tier": "agent"}
        body["policy_version"] = VERSION
        first = replace(line(1, "opened", 0, "crm-1/1"), body=body)
        told = tuple(line(number, kind, int(at)) for number, (kind, at) in enumerate(since.items(), start=2))
        second = replace(first, ticket_id="T-2", at=after(60), body={**body, "subject": "MATTER  1"})
        return replace(facts, lines={ID: (first, *told), "T-2": (second,)})

    return doctor


def waiting(*kinds: str, spoke: float = 5) -> Doctoring:
    """The ticket waits on its customer, and these are the last lines of its log, five seconds after the first."""
    said = {
        "kind": "information",
        "answered_wait": False,
        "customer_spoke_at": after(spoke).isoformat(),
        "ticket_id": "t-0",
    }
    lines = tuple(replace(line(number, kind, 5), body=said) for number, kind in enumerate(kinds, start=9))
    return lambda facts: with_lines(*lines)(standing(status="waiting_on_customer")(facts))


def lost(facts: Facts) -> Facts:
    """The accepted ticket is not in the record at all."""
    return replace(facts, standings={}, lines={}, inputs={}, messages=(), printed=(), totals={}, asked=facts.asked[:1])


def totalled(*key_and_amount: object) -> Doctoring:
    """Have a total be another."""
    name, labels, amount = key_and_amount
    return lambda facts: replace(facts, totals={**TOTALS, (name, labels): amount})  # type: ignore[dict-item]  # labels of any number


def told(messages: tuple[Message, ...] | None = None, *printed: Printed) -> Doctoring:
    """Have the outbox, or what was printed, be another."""
    return lambda facts: replace(
        facts, messages=facts.messages if messages is None else messages, printed=printed or facts.printed
    )


SENT = Printed(name=NAME, key="k-1", is_flagged=False)
OTHER = replace(SENT, name=(ID, 5, "escalated", "owner", "ada"))
WAS_SENT = Message(name=NAME, status="sent", recorded_at=after(3))
PROMISED = line(9, "promise_made", 5, name="call", run=1, promised_at=after(20), replaces=False)


def broken(sequence: int, at: float) -> Line:
    """That promise is found broken, at `at`."""
    return line(
        sequence, "promise_broken", at, name="call", run=1, is_engines=False, due_at=after(20), detected_at=after(at)
    )


CASES: dict[str, tuple[Doctoring, What]] = {
    "an accepted ticket that is not there": (lost, What.TICKET_LOST),
    "an accepted command that is not applied": (applied(OPENED), What.COMMAND_LOST),
    "an accepted command that left no line": (with_lines(without=(7,)), What.COMMAND_LOST),
    "a command applied twice": (applied(OPENED, TAKEN, replace(TAKEN, number=3)), What.APPLIED_TWICE),
    "a line that a command left twice": (
        with_lines(line(9, "acknowledged", 5, "crm-2/1", handler="ada", tier="specialist")),
        What.APPLIED_TWICE,
    ),
    "a command that was refused and applied": (answered("crm-2/1", REFUSED), What.APPLIED_UNASKED),
    "a command that nobody asked": (applied(OPENED, TAKEN, replace(TAKEN, mark="x")), What.APPLIED_UNASKED),
    "another answer to the same request": (answered("crm-2/1", done(8), done(7)), What.ANSWERED_OTHERWISE),
    "a refusal after it was accepted": (answered("crm-2/1", done(8), REFUSED), What.ANSWERED_OTHERWISE),
    "an answer that must never be given": (answered("crm-2/1", WRONG, done(8)), What.WRONG_ANSWER),
    "a log with a gap": (
        lambda facts: replace(facts, lines={ID: facts.lines[ID][:5] + facts.lines[ID][6:]}),
        What.LOG_BROKEN,
    ),
    "a line that was shown and is another": (
        lambda facts: replace(facts, shown=(replace(facts.shown[0], kind="assigned"),)),
        What.LOG_BROKEN,
    ),
    "a clock past due that is not breached": (lambda facts: replace(facts, now=after(41)), What.DEADLINE_MISSED),
    "a clock met after its deadline": (
        with_lines(clock(9, "clock_met", 31, "update", 1, as_of=after(31))),
        What.DEADLINE_MISSED,
    ),
    "a clock that ended unbreached after its deadline": (
        with_lines(clock(9, "clock_cancelled", 31, "update", 1)),
        What.DEADLINE_MISSED,
    ),
    "a breach before the deadline": (with_lines(breach(9, 29, "update", 1, due=30)), What.BREACHED_EARLY),
    "a breach of another deadline": (with_lines(breach(9, 29, "update", 1, due=28)), What.BREACHED_EARLY),
    "a breach of what was met": (with_lines(breach(9, 10, "acknowledge", 2, due=9)), What.BREACHED_EARLY),
    "a breach doubled": (with_lines(breach(9, 4, "acknowledge", 1, due=2)), What.BREACHED_TWICE),
    "a breach withdrawn": (
        with_lines(clock(9, "clock_reinstated", 5, "acknowledge", 1, deadline_at=after(6))),
        What.BREACH_WITHDRAWN,
    ),
    "a breach that was shown and is gone": (
        answered("crm-2/1", done(8, breached=frozenset({("update", 1)}))),
        What.BREACH_WITHDRAWN,
    ),
    "a promise past its instant that is not broken": (
        lambda facts: replace(with_lines(PROMISED)(facts), now=after(31)),
        What.PROMISE_LEFT,
    ),
    "a promise kept in time after its instant": (
        with_lines(PROMISED, line(10, "promise_kept", 21, name="call", run=1, is_late=False)),
        What.DEADLINE_MISSED,
    ),
    "a promise broken before its instant": (with_lines(PROMISED, broken(10, 19)), What.BREACHED_EARLY),
    "a promise broken that nobody made": (with_lines(broken(9, 21)), What.BREACHED_EARLY),
    "a promise broken twice": (with_lines(PROMISED, broken(10, 21), broken(11, 22)), What.BREACHED_TWICE),
    "a promise made while it is open": (with_lines(PROMISED, PROMISED), What.LOG_BROKEN),
    "a promise done late that is not broken": (
        with_lines(PROMISED, line(10, "promise_kept", 21, name="call", run=1, is_late=True)),
        What.LOG_BROKEN,
    ),
    "a row that wakes after a promise": (with_lines(PROMISED), What.OVERSLEPT),
    "a tier skipped": (
        with_lines(
            line(9, "escalated", 3, from_tier="agent", to_tier="supplier", causes=["by_hand"], is_ping_pong=False),
            without=(5,),
        ),
        What.TIER_SKIPPED,
    ),
    "a step taken twice": (with_lines(HONEST[4]), What.TIER_SKIPPED),
    "a row of another tier than the log's": (standing(tier="supplier"), What.TIER_SKIPPED),
    "a breach that nothing followed": (with_lines(without=(5,)), What.STEP_MISSING),
    "a matter that has two tickets": (doubled(), What.OPENED_TWICE),
    "a wait that the answer did not end": (waiting("wait_started", "contact_received"), What.ANSWERED_WAIT),
    "a wait that the answer on a merged ticket did not end": (
        waiting("wait_started", "took_over", spoke=5.5),
        What.ANSWERED_WAIT,
    ),
    "a total that is too high": (totalled("opened", ("urgent", "home"), 2), What.TOTAL_WRONG),
    "a total that is missing": (totalled("opened", ("urgent", "home"), 0), What.TOTAL_WRONG),
    "a total that nobody counts": (totalled("unheard_of", (), 1), What.TOTAL_WRONG),
    "an open ticket without a workflow": (unwatched, What.WITHOUT_WORKFLOW),
    "an open ticket whose workflow is over": (timer(is_running=False), What.WITHOUT_WORKFLOW),
    "a workflow without a timer": (timer(fires_at=None), What.OVERSLEPT),
    "a workflow whose timer is too late": (timer(fires_at=NOON + timedelta(seconds=31)), What.OVERSLEPT),
    "a row that never wakes": (standing(wake_at=None), What.OVERSLEPT),
    "a row that wakes after a deadline": (standing(wake_at=after(31), told_at=after(31)), What.OVERSLEPT),
    "a workflow that failed": (timer(ended="failed"), What.WORKFLOW_FAILED),
    "a workflow that cannot be replayed": (timer(failures=("NON_DETERMINISTIC_ERROR",)), What.WORKFLOW_FAILED),
    "a ticket that is stuck": (standing(stuck="ZeroDivisionError"), What.STUCK),
    "a message that is still pending": (
        told((Message(name=NAME, status="pending", recorded_at=after(-6)),)),
        What.MESSAGE_LOST,
    ),
    "a message that is said to be sent": (told(None, OTHER), What.MESSAGE_LOST),
    "a message sent twice": (told(None, SENT, SENT), What.SENT_TWICE),
    "a message sent that nobody owes": (told(()), What.SENT_TWICE),
    "a key of two messages": (
        told(None, SENT, OTHER),
        What.SENT_TWICE,
    ),
} | CONVERSATION


def test_honest_facts_are_found_to_be_so() -> None:
    """A day on which everything was done as it must be has no finding of any kind."""
    assert list(check(honest())) == []


@pytest.mark.parametrize(("doctor", "what"), CASES.values(), ids=CASES.keys())
def test_each_broken_promise_is_counted(doctor: Doctoring, what: What) -> None:
    """A checker that could not fail would prove nothing."""
    assert counted(check(doctor(honest())))[what] >= 1


def test_every_promise_but_the_second_checks_has_its_case() -> None:
    """What cannot be shown to be found is not checked; re-derivation has its own tests."""
    assert {what for _, what in CASES.values()} == set(What) - {What.NOT_DERIVED}


@pytest.mark.parametrize(
    "doctor",
    [
        answered("crm-2/1", UNHEARD, done(8), done(8)),
        told(None, SENT, replace(SENT, is_flagged=True)),
        told((WAS_SENT, replace(WAS_SENT, name=OTHER.name, status="pending"))),
        timer(fires_at=None, is_busy=True),
        timer(fires_at=None, moved_at=NOON),
        timer(failures=("UNHANDLED_COMMAND",)),
        lambda facts: replace(timer(is_busy=True)(facts), now=after(39)),
        with_lines(line(9, "tier_skipped", 5, tier="supplier", why="closed")),
        waiting("contact_received", "wait_started"),
        with_lines(PROMISED, line(10, "promise_kept", 20, name="call", run=1, is_late=False)),
        with_lines(
            PROMISED,
            broken(10, 21),
            line(11, "promise_kept", 22, name="call", run=1, is_late=True),
            line(12, "credit_offered", 22, number=1, of="promise", earned_by=10),
        ),
        *FINE.values(),
    ],
    ids=[
        *("asked again", "flagged", "just owed", "busy", "just moved", "a task tried again"),
        *("within the grace", "said", "asked anew", "kept at its instant", "broken and done late"),
        *FINE,
    ],
)
def test_what_may_be_is_not_accused(doctor: Doctoring) -> None:
    """4.7 and the rest of what a crash may do: repeating an answer, saying that a message may come twice."""
    found = [finding for finding in check(doctor(honest())) if finding.what is not What.TOTAL_WRONG]
    assert found == []


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ({"closed": "49"}, 0),
        ({"closed": "50"}, 1),
        ({"closed": "20", "reopened": "30"}, 1),
        ({"closed": "20"}, 0),
    ],
    ids=["over", "the last instant", "reopened", "long over"],
)
def test_a_matter_has_a_second_ticket_only_when_the_first_is_over(since: dict[str, str], found: int) -> None:
    """6.3: a ticket that was closed takes contacts to the last instant of its reopen window."""
    assert len(list(check_matters(doubled(**since)(honest())))) == found


def test_an_opening_that_passes_a_closed_tier_by_says_so() -> None:
    """4.5: what is skipped is recorded as skipped, in the same settle."""
    opened = replace(HONEST[0], body={**HONEST[0].body, "tier": "specialist"})
    lines = (opened, *HONEST[1:3])
    facts = replace(honest(), lines={ID: lines}, standings={ID: replace(honest().standings[ID], sequence=3)})
    said = replace(
        facts,
        lines={ID: (*lines, line(4, "tier_skipped", 0, tier="agent", why="closed"))},
        standings={ID: replace(honest().standings[ID], sequence=4)},
    )

    assert counted(check(facts))[What.TIER_SKIPPED] == 1
    assert counted(check(said))[What.TIER_SKIPPED] == 0


def test_a_request_that_was_never_answered_may_be_in_the_log_or_not() -> None:
    """4.7: nobody knows what became of it, and both are right; twice is not."""
    unheard = answered("crm-2/1", UNHEARD)
    assert list(check(unheard(honest()))) == []
    never = replace(honest(), asked=(*honest().asked, Asked(mark="crm-3/1", kind="assign", ticket_id=ID)))
    assert list(check(never)) == []


def test_every_command_of_the_contract_and_every_total_of_the_record_is_known() -> None:
    """A command or a total that comes later is not left unchecked; the window is the policy's."""
    assert policy.reopen_window == REOPEN_WINDOW
    assert set(KINDS.values()) == set(EFFECTS) | ELSEWHERE
    assert set(KEPT) == COUNTED | UNCOUNTED
