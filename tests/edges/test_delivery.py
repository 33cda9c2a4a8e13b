"""Delivery: at least once, a key each, in order; nothing is lost when it dies, and nothing is sent twice in silence."""

import asyncio
import io
import logging
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services import logs
from services.delivery.channel import Channel, Outcome, Rejected, Sent, TryAgain
from services.delivery.delivery import Delivery, Pace
from services.delivery.log_channel import LogChannel
from services.records import Records, RecordUnavailable, SettledBy, connect
from services.records.owed_messages import Fate, OwedMessage, WaitsFor, WasLetGo, WasRejected, WasSent
from services.settings import LogFormat, LogLevel
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.delivering import FileChannel
from tests.support.outbox import all_is_sent, leases_end
from tests.support.record import ACKNOWLEDGE, a_policy, an_acknowledgement, an_opening
from tests.support.waiting import until
from workflows.domain.ticket.commands import Assign, PostUpdate

CANARY = "Zebedee Canary"
BRISK = Pace(look_every_seconds=0.001, gather_seconds=0.001)


def a_message(number: int, *, tries: int = 1) -> OwedMessage:
    """One that was taken so often."""
    return OwedMessage(
        message_id=number,
        ticket_id=f"t-{number:04d}",
        sequence=1,
        kind="opened",
        audience="customer",
        recipient=f"c-{number}",
        recorded_at=MONDAY_NOON,
        tries=tries,
        unknown_tries=0,
        claim="mine",
    )


class ScriptedOutbox:
    """Gives what the script says, then nothing; remembers what became of it."""

    def __init__(self, *takes: Sequence[OwedMessage] | Exception) -> None:
        self.takes = deque(takes)
        self.asked: list[tuple[int, float]] = []
        self.failures: deque[Exception] = deque()
        self.fates: list[Fate] = []
        self.taken_since: list[OwedMessage] = []

    async def take(self, *, limit: int, lease_seconds: float) -> tuple[OwedMessage, ...]:
        """Give the next."""
        await asyncio.sleep(0)
        self.asked.append((limit, lease_seconds))
        taken = self.takes.popleft() if self.takes else ()
        if isinstance(taken, Exception):
            raise taken
        return tuple(taken)

    async def write_down(self, fates: Sequence[Fate]) -> tuple[OwedMessage, ...]:
        """Remember."""
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.popleft()
        self.fates += fates
        return tuple(fate.message for fate in fates if fate.message in self.taken_since)


class ScriptedChannel:
    """Answers by the message's number; fails on a message that nobody said anything of."""

    def __init__(self, **answers: Outcome | Exception) -> None:
        self._answers = answers
        self.sent: list[int] = []

    async def send(self, message: OwedMessage) -> Outcome:
        """Answer."""
        self.sent.append(message.message_id)
        answer = self._answers[f"m{message.message_id}"]
        if isinstance(answer, Exception):
            raise answer
        return answer


class SlowChannel:
    """Sends when it is told to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.may_end = asyncio.Event()

    async def send(self, message: OwedMessage) -> Sent:
        """Wait, then send."""
        self.begun.append(message.message_id)
        await self.may_end.wait()
        return Sent()


@asynccontextmanager
async def delivering(delivery: Delivery) -> AsyncIterator[None]:
    """Run it for as long as the block lasts."""
    task = asyncio.create_task(delivery.run())
    try:
        yield
    finally:
        delivery.stop()
        await task


def rests(outbox: ScriptedOutbox) -> list[tuple[int, float, str, bool]]:
    """Say what waits, how long, why, and whether it may have been sent."""
    return sorted(
        (fate.message.message_id, fate.rest.total_seconds(), fate.reason, fate.may_have_been_sent)
        for fate in outbox.fates
        if isinstance(fate, WaitsFor)
    )


async def test_each_outcome_of_the_channel_is_written_down(caplog: pytest.LogCaptureFixture) -> None:
    """Architecture 6: sent, tried again or never; a channel that fails stops none of the others."""
    messages = [a_message(number) for number in range(1, 6)]
    outbox = ScriptedOutbox(messages)
    channel = ScriptedChannel(
        m1=Sent(),
        m2=TryAgain(reason="mailbox_full"),
        m3=Rejected(reason="no_address"),
        m4=ZeroDivisionError(CANARY),
        m5=Sent(),
    )

    async with delivering(Delivery(outbox, channel, BRISK)):
        await until(lambda: len(outbox.fates) == 5)

    assert {fate.message.message_id for fate in outbox.fates if isinstance(fate, WasSent)} == {1, 5}
    assert [fate for fate in outbox.fates if isinstance(fate, WasRejected)] == [
        WasRejected(message=messages[2], reason="no_address")
    ]
    assert rests(outbox) == [(2, 1.0, "mailbox_full", False), (4, 1.0, "channel_failed", True)]
    assert outbox.asked[0] == (100, 60.0)
    told = {line.getMessage(): vars(line) for line in caplog.records}
    for name, message in (("message rejected", messages[2]), ("channel failed", messages[3])):
        assert (told[name]["ticket_id"], told[name]["sequence"]) == (message.ticket_id, message.sequence)
        assert (told[name]["kind"], told[name]["audience"]) == (message.kind, message.audience)
    assert CANARY not in caplog.text
    assert CANARY not in "".join(str(vars(line)) for line in caplog.records)


async def test_rests_grow_and_are_never_the_end() -> None:
    """4.7: a message is owed until it is sent; what the other side asks for is heeded, within an hour."""
    outbox = ScriptedOutbox([a_message(number, tries=tries) for number, tries in enumerate((1, 2, 9, 10, 5000), 1)])
    asked = ScriptedOutbox([a_message(6), a_message(7), a_message(8)])
    full = TryAgain(reason="mailbox_full")
    channel = ScriptedChannel(
        m1=full,
        m2=full,
        m3=full,
        m4=full,
        m5=full,
        m6=replace(full, after=timedelta(minutes=20)),
        m7=replace(full, after=timedelta(days=2)),
        m8=replace(full, after=timedelta(seconds=-5), may_have_been_sent=True),
    )

    async with delivering(Delivery(outbox, channel, BRISK)), delivering(Delivery(asked, channel, BRISK)):
        await until(lambda: len(outbox.fates) == 5 and len(asked.fates) == 3)

    assert [seconds for _, seconds, *_ in rests(outbox)] == [1.0, 2.0, 256.0, 300.0, 300.0]
    assert rests(asked) == [
        (6, 1200.0, "mailbox_full", False),
        (7, 3600.0, "mailbox_full", False),
        (8, 1.0, "mailbox_full", True),
    ]


async def test_while_there_is_something_it_looks_at_once() -> None:
    """Looking is seldom while there is nothing, and never waited for while there is much."""
    outbox = ScriptedOutbox([a_message(1)], [a_message(2)], [a_message(3)])
    channel = ScriptedChannel(m1=Sent(), m2=TryAgain(reason="mailbox_full"), m3=Sent())

    async with delivering(Delivery(outbox, channel, replace(BRISK, look_every_seconds=3600.0))):
        await until(lambda: len(outbox.fates) == 3)
        await until(lambda: len(outbox.asked) == 4)

    assert channel.sent == [1, 2, 3]


async def test_channel_that_does_not_answer_may_have_sent_it() -> None:
    """4.7: it is tried again, and may be sent twice."""
    outbox = ScriptedOutbox([a_message(1)])

    async with delivering(Delivery(outbox, SlowChannel(), replace(BRISK, send_seconds=0.01))):
        await until(lambda: len(outbox.fates) == 1)

    assert rests(outbox) == [(1, 1.0, "no_answer_in_time", True)]


async def test_what_is_slow_keeps_nobody_from_being_written_down() -> None:
    """As soon as it is known what became of a message, it is written down: a crash leaves fewer doubts."""

    class OneSlow(SlowChannel):
        async def send(self, message: OwedMessage) -> Sent:
            return await super().send(message) if message.message_id == 1 else Sent()

    outbox, channel = ScriptedOutbox([a_message(1), a_message(2)]), OneSlow()
    async with delivering(Delivery(outbox, channel, BRISK)):
        await until(lambda: outbox.fates == [WasSent(message=a_message(2))])
        channel.may_end.set()
        await until(lambda: len(outbox.fates) == 2)


async def test_it_stops_after_what_is_being_sent(caplog: pytest.LogCaptureFixture) -> None:
    """What was begun is sent and written down; what was not is let go, without a doubt, and nothing more is taken."""
    caplog.set_level(logging.INFO)
    outbox = ScriptedOutbox([a_message(1), a_message(2), a_message(3)], [a_message(4)])
    channel = SlowChannel()
    delivery = Delivery(outbox, channel, replace(BRISK, width=2))

    task = asyncio.create_task(delivery.run())
    await until(lambda: len(channel.begun) == 2)
    delivery.stop()
    channel.may_end.set()
    await task

    assert channel.begun == [1, 2]
    assert sorted((fate.message.message_id, type(fate)) for fate in outbox.fates) == [
        (1, WasSent),
        (2, WasSent),
        (3, WasLetGo),
    ]
    assert len(outbox.takes) == 1
    assert [line.getMessage() for line in caplog.records] == ["delivery started", "delivery stopped"]


async def test_nothing_is_sent_that_another_may_have_taken() -> None:
    """Whose lease is nearly over, after having been stopped for a while, lets go."""
    outbox = ScriptedOutbox([a_message(1)])

    async with delivering(Delivery(outbox, ScriptedChannel(), replace(BRISK, lease_seconds=5.0, send_seconds=10.0))):
        await until(lambda: outbox.fates == [WasLetGo(message=a_message(1))])


async def test_what_cannot_be_written_down_is_tried_until_it_can(caplog: pytest.LogCaptureFixture) -> None:
    """The record away for a while after a send makes no message go twice."""
    outbox = ScriptedOutbox([a_message(1)])
    outbox.failures += [RecordUnavailable(CANARY), RecordUnavailable(CANARY)]

    async with delivering(Delivery(outbox, ScriptedChannel(m1=Sent()), BRISK)):
        await until(lambda: outbox.fates == [WasSent(message=a_message(1))])

    assert caplog.text.count("what became of messages is not written down") == 2
    assert CANARY not in "".join(str(vars(line)) for line in caplog.records)


async def test_it_does_not_wait_for_the_record_to_stop(caplog: pytest.LogCaptureFixture) -> None:
    """Told to stop while the record is away, it says that something may be sent twice, and stops."""
    outbox = ScriptedOutbox([a_message(1)])
    outbox.failures += [RecordUnavailable("away")] * 99
    delivery = Delivery(outbox, ScriptedChannel(m1=Sent()), replace(BRISK, look_every_seconds=20.0))

    async with delivering(delivery):
        await until(lambda: len(outbox.failures) < 99)

    assert outbox.fates == []
    assert [vars(line)["is_given_up"] for line in caplog.records] == [False, True]


async def test_round_that_fails_is_not_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """The record away, or worse: it goes on, more slowly, and says no more than the type."""
    outbox = ScriptedOutbox(RecordUnavailable(CANARY), [a_message(1)])
    delivery = Delivery(outbox, ScriptedChannel(m1=Sent()), BRISK)

    async with delivering(delivery):
        await until(lambda: len(outbox.fates) == 1)

    (line,) = caplog.records
    assert (line.getMessage(), vars(line)["error"]) == ("delivery's round failed", "RecordUnavailable")
    assert CANARY not in str(vars(line))


async def test_message_that_another_took_meanwhile_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """4.7: it is sent twice then, and the log has its key."""
    outbox = ScriptedOutbox([a_message(1)])
    outbox.taken_since.append(a_message(1))

    async with delivering(Delivery(outbox, ScriptedChannel(m1=Sent()), BRISK)):
        await until(lambda: len(outbox.fates) == 1)

    (line,) = caplog.records
    assert line.getMessage() == "message was taken by another delivery"
    assert vars(line)["key"] == a_message(1).key


@pytest.mark.parametrize("reason", ["", "Ada Okafor", "mailbox full", "550_no_such_user", "x" * 41])
def test_reason_is_a_word(reason: str) -> None:
    """It is stored and logged: what a provider writes in full may name a customer."""
    with pytest.raises(ValueError, match="is no word: write one like 'mailbox_full'"):
        TryAgain(reason=reason)
    with pytest.raises(ValueError, match="is no word"):
        Rejected(reason=reason)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The log of a process, down to the last detail."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(LogLevel.DEBUG, LogFormat.TEXT, stream)
    yield stream
    root.handlers[:], root.level = before


async def test_log_channel_prints_each_message_once(records: Records, written: io.StringIO) -> None:
    """For whom, of what, under which key; no id or name of anybody, and nobody's words."""
    opening = an_opening(name=CANARY, text=CANARY)
    customer = replace(opening.customer, external_id=CANARY)
    await records.record.open_ticket(a_policy(), replace(opening, customer=customer))
    await records.record.settle("t-0001", an_acknowledgement(CANARY), by=SettledBy.INTAKE)
    await records.record.settle("t-0001", Assign(actor=CANARY, handler=f"{CANARY} II"), by=SettledBy.INTAKE)
    await records.record.settle("t-0001", PostUpdate(actor=CANARY, text=CANARY), by=SettledBy.INTAKE)

    async with delivering(Delivery(records.outbox, LogChannel(), BRISK)):
        await all_is_sent(records)

    lines = [line.partition("message  ")[2] for line in written.getvalue().splitlines() if "info    message" in line]
    assert [line.partition(" key=")[0] for line in lines] == [
        "ticket_id=t-0001 sequence=1 kind=opened audience=customer",
        "ticket_id=t-0001 sequence=1 kind=opened audience=tier",
        "ticket_id=t-0001 sequence=9 kind=assigned audience=handler",
        "ticket_id=t-0001 sequence=9 kind=assigned audience=owner",
        "ticket_id=t-0001 sequence=10 kind=update_posted audience=customer",
    ]
    assert len({line.partition(" key=")[2] for line in lines}) == 5
    assert CANARY not in written.getvalue()
    assert "twice" not in written.getvalue()


async def a_delivery_that_dies(url: str, path: Path, when: str) -> None:
    """Deliver in another process, which is killed around its first send."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.support.delivering", url, str(path), when
    )
    async with asyncio.timeout(60):
        assert await process.wait() == -signal.SIGKILL


def sent_into(path: Path) -> list[list[str]]:
    """Key, kind, audience, and whether it was known that it may be sent twice; in the order of sending."""
    return [line.split() for line in path.read_text(encoding="ascii").splitlines()] if path.exists() else []


@pytest.mark.parametrize("when", ["before", "after"])
async def test_delivery_killed_at_the_worst_moment_loses_nothing(
    record_url: str, records: Records, tmp_path: Path, when: str
) -> None:
    """4.7: between intent and send, between send and record: the next one sends it, and says that it may be twice."""
    path = tmp_path / "sent"
    await records.record.open_ticket(a_policy(), an_opening())
    await records.record.settle("t-0001", PostUpdate(actor="kim", text="looking"), by=SettledBy.INTAKE)

    await a_delivery_that_dies(record_url, path, when)
    before = sent_into(path)
    assert [line[1:] for line in before] == ([] if when == "before" else [["opened", "customer", "False"]])
    async with delivering(Delivery(records.outbox, FileChannel(path), BRISK)):
        await asyncio.sleep(0.05)
        assert sent_into(path) == before  # the claim is not over: the process might live
        await leases_end(record_url)
        await all_is_sent(records)

    after = sent_into(path)[len(before) :]
    assert [line[1:] for line in after] == [
        ["opened", "customer", "True"],
        ["opened", "tier", "True"],
        ["update_posted", "customer", "False"],
    ]
    assert {key for key, *_ in before} <= {key for key, *_ in after}
    totals = (await records.queries.figures()).totals
    assert totals["messages_sent", ("opened",)] == 2
    assert totals["messages_possibly_sent_twice", ("opened",)] == 2
    assert ("messages_possibly_sent_twice", ("update_posted",)) not in totals


async def test_log_line_says_possibly_sent_twice(records: Records, record_url: str, written: io.StringIO) -> None:
    """4.7: a crash between sending and recording shows."""
    await records.record.open_ticket(a_policy(), an_opening())
    await records.outbox.take(limit=1, lease_seconds=600)
    await leases_end(record_url)

    async with delivering(Delivery(records.outbox, LogChannel(), BRISK)):
        await all_is_sent(records)

    lines = [line for line in written.getvalue().splitlines() if "kind=opened" in line]
    assert [line.endswith("possibly_sent_twice=True") for line in sorted(lines)] == [True, False]


async def test_two_deliveries_at_once_send_each_message_once_and_in_order(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """Architecture 6: any number of them may run; what comes in meanwhile is sent too, escalations after openings."""
    journal: list[OwedMessage] = []

    class Journal:
        async def send(self, message: OwedMessage) -> Sent:
            await asyncio.sleep(0)
            journal.append(message)
            return Sent()

    channel: Channel = Journal()
    async with (
        await connect(record_url, story_clock) as other,
        delivering(Delivery(records.outbox, channel, BRISK)),
        delivering(Delivery(other.outbox, channel, BRISK)),
    ):
        for number in range(1, 16):
            await records.record.open_ticket(a_policy(), an_opening(number))
        story_clock.pass_(2 * ACKNOWLEDGE)
        await records.upkeep.rescue_late(grace_seconds=0, limit=99)
        await all_is_sent(records)

    assert len(journal) == len({message.key for message in journal})
    by_recipient: dict[tuple[str, str, str], list[int]] = {}
    for message in journal:
        whom = (message.ticket_id, message.recipient, str(message.audience == "customer"))
        by_recipient.setdefault(whom, []).append(message.message_id)
    assert all(ids == sorted(ids) for ids in by_recipient.values())
    assert max(len(ids) for ids in by_recipient.values()) > 1
    figures = await records.queries.figures()
    sent = sum(amount for (name, _), amount in figures.totals.items() if name == "messages_sent")
    assert sent == len(journal)
    assert [name for name, _ in figures.totals if name == "messages_possibly_sent_twice"] == []
