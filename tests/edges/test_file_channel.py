"""Files as a channel: one message a line, on the disk before it counts as sent, under its key, a file a day."""

import asyncio
import errno
import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.delivery.channel import Outcome, Rejected, Sent, TryAgain
from services.delivery.delivery import Delivery, Pace
from services.delivery.each_of import EachOf
from services.delivery.file_channel import FileChannel, line_of
from services.delivery.gathered import Gathered
from services.delivery.log_channel import LogChannel
from services.delivery.worded import REACH, Worded
from services.records import Records, RecordUnavailable, SettledBy
from services.records.owed_messages import Behind, OwedMessage
from services.words.words import CannotSayError, Rendered, Words
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.outbox import all_is_sent, leases_end
from tests.support.record import Outsider, a_policy, an_acknowledgement, an_opening
from workflows.domain.ticket.commands import MakePromise, PostUpdate, RecordContact, WaitOnCustomer
from workflows.domain.ticket.words import Audience, ContactKind, PromiseKind

BRISK = Pace(look_every_seconds=0.001, gather_seconds=0.001)
TODAY = "2026-11-22.jsonl"


class Wall:
    """The real instant by which files are called, as the test has it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Tell it."""
        return self.now


class Spoken:
    """Gives every message words, or what it was told to raise."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    async def of(self, message: OwedMessage) -> Rendered:
        """Say its number."""
        if self.failure:
            raise self.failure
        return Rendered(
            key=message.key,
            kind=message.kind,
            audience=Audience(message.audience),
            recipient=message.recipient,
            ticket_id=message.ticket_id,
            sequence=message.sequence,
            reference="R-1",
            language="en-GB",
            direction="ltr",
            zone="Europe/London",
            subject=f"message {message.message_id}",
            text="Zoë\n\n日本語\N{LINE SEPARATOR}",
            html="<p>Zoë</p>",
            happened_at=MONDAY_NOON,
            next_news_at=None,
            facts={"happened": MONDAY_NOON, "credit": None},
        )


def a_message(number: int = 1, *, unknown_tries: int = 0) -> OwedMessage:
    """One in hand."""
    return OwedMessage(
        message_id=number,
        ticket_id=f"t-{number:04d}",
        sequence=1,
        kind="opened",
        audience="customer",
        recipient="c-1",
        recorded_at=MONDAY_NOON,
        tries=1,
        unknown_tries=unknown_tries,
        claim="mine",
    )


def lines_of(path: Path) -> list[dict[str, Any]]:
    """What a reader finds: a line that is torn is left out."""
    found = []
    for line in path.read_bytes().split(b"\n"):
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def names(folder: Path) -> list[str]:
    """What is in it."""
    return sorted(path.name for path in folder.iterdir())


async def test_a_message_is_one_line_with_all_that_a_sender_needs(tmp_path: Path) -> None:
    """Purpose: so that any channel can carry it; the key is in it, and whether it may be there twice."""
    channel = FileChannel(tmp_path, Spoken(), keep_days=30, now=Wall())
    assert await channel.send(a_message(unknown_tries=1)) == Sent()
    [line] = lines_of(tmp_path / TODAY)
    assert line == {
        "key": a_message().key,
        "also": [],
        "possibly_sent_twice": True,
        "ticket_id": "t-0001",
        "sequence": 1,
        "reference": "R-1",
        "kind": "opened",
        "audience": "customer",
        "recipient": "c-1",
        "happened_at": "2026-11-23T12:00:00+00:00",
        "next_news_at": None,
        "language": "en-GB",
        "direction": "ltr",
        "zone": "Europe/London",
        "subject": "message 1",
        "text": "Zoë\n\n日本語\N{LINE SEPARATOR}",
        "html": "<p>Zoë</p>",
        "facts": {"happened": "2026-11-23T12:00:00+00:00", "credit": None},
    }
    assert (tmp_path / TODAY).read_bytes().count(b"\n") == 1


async def test_what_customers_are_told_is_nobody_elses_to_read(tmp_path: Path) -> None:
    """The files hold names and words: their owner's alone."""
    folder = tmp_path / "messages"
    await FileChannel(folder, Spoken(), keep_days=30, now=Wall()).send(a_message())
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert oct((folder / TODAY).stat().st_mode & 0o777) == "0o600"


async def test_it_counts_as_sent_when_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """4.7: flushed to the disk before; several that wait at a time with one flush."""
    flushed: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        flushed.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    channel = FileChannel(tmp_path, Spoken(), keep_days=30, now=Wall())
    await channel.send(a_message())
    assert flushed[0] == (tmp_path / TODAY).stat().st_size
    flushed.clear()
    assert await asyncio.gather(*(channel.send(a_message(number)) for number in range(2, 12))) == [Sent()] * 10
    assert len(flushed) < 10
    assert flushed[-1] == (tmp_path / TODAY).stat().st_size
    assert [line["subject"] for line in lines_of(tmp_path / TODAY)] == [f"message {number}" for number in range(1, 12)]


async def test_a_new_days_file_is_in_its_folder_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """4.7: a file that a folder forgets with the power is no place for what counts as sent."""
    flushed: list[bool] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        flushed.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    channel = FileChannel(tmp_path, Spoken(), keep_days=30, now=Wall())
    await channel.send(a_message(1))
    assert flushed == [False, True]
    await channel.send(a_message(2))
    assert flushed == [False, True, False]


async def test_what_a_disk_takes_in_parts_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """4.7: a write may take less than it was given; the rest follows."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, text: real(descriptor, text[:7]))
    assert await FileChannel(tmp_path, Spoken(), keep_days=30, now=Wall()).send(a_message()) == Sent()
    [line] = lines_of(tmp_path / TODAY)
    assert line["subject"] == "message 1"


async def test_words_stand_as_they_are_read_and_half_a_character_keeps_no_line_back() -> None:
    """A desk's own programs read it, and people do; what no text can hold is a question mark."""
    said = replace(await Spoken().of(a_message()), text="Zoë \ud83d")
    line = line_of(a_message(), said)
    assert "Zoë ?".encode() in line
    assert line.endswith(b"}\n")


async def test_a_day_has_a_file_and_old_ones_go(tmp_path: Path) -> None:
    """Rotation by the real day, in UTC; what is older than it is to be kept is removed, and nobody else's file."""
    wall = Wall()
    channel = FileChannel(tmp_path, Spoken(), keep_days=2, now=wall)
    for kept in ("2026-11-19.jsonl", "2026-11-20.jsonl", "notes.txt", "2026-99-99.jsonl"):
        (tmp_path / kept).write_text("{}\n", encoding="utf-8")
    await channel.send(a_message(1))
    assert names(tmp_path) == ["2026-11-20.jsonl", TODAY, "2026-99-99.jsonl", "notes.txt"]
    wall.now += timedelta(minutes=2)
    await channel.send(a_message(2))
    assert names(tmp_path) == [TODAY, "2026-11-23.jsonl", "2026-99-99.jsonl", "notes.txt"]
    assert [line["subject"] for line in lines_of(tmp_path / "2026-11-23.jsonl")] == ["message 2"]


async def test_a_torn_line_stands_alone(tmp_path: Path) -> None:
    """4.7: a machine that lost its power in a line costs that line alone, and that message comes again."""
    (tmp_path / TODAY).write_bytes(b'{"key":"a"}\n{"key":"b","subj')
    channel = FileChannel(tmp_path, Spoken(), keep_days=30, now=Wall())
    await channel.send(a_message())
    assert [line["key"] for line in lines_of(tmp_path / TODAY)] == ["a", a_message().key]


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (OSError(errno.ENOSPC, "full"), TryAgain(reason="disk_full", may_have_been_sent=True)),
        (OSError(errno.EDQUOT, "your share is full"), TryAgain(reason="disk_full", may_have_been_sent=True)),
        (PermissionError(errno.EACCES, "no"), TryAgain(reason="file_not_written", may_have_been_sent=True)),
    ],
)
async def test_what_cannot_be_written_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: OSError, outcome: Outcome
) -> None:
    """4.7: never lost: a full disk holds messages back until there is room."""
    channel = FileChannel(tmp_path, Spoken(), keep_days=30, now=Wall())

    def refuse(*_: object, **__: object) -> int:
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", refuse)
        assert await channel.send(a_message()) == outcome
    assert await channel.send(a_message()) == Sent()
    assert len(lines_of(tmp_path / TODAY)) == 1


@pytest.mark.parametrize(
    ("failure", "reason"), [(CannotSayError("no"), "no_words_here"), (RecordUnavailable("away"), "record_away")]
)
async def test_what_has_no_words_yet_is_tried_again(tmp_path: Path, failure: Exception, reason: str) -> None:
    """A newer release may say it, and a record that is away comes back."""
    channel = FileChannel(tmp_path, Spoken(failure), keep_days=30, now=Wall())
    assert await channel.send(a_message()) == TryAgain(reason=reason)
    assert names(tmp_path) == []


class Scripted:
    """A channel of which each try ends as it was told."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)

    async def send(self, message: OwedMessage) -> Outcome:
        """End so."""
        assert message.message_id == 1
        return self.outcomes.pop(0)


async def test_several_channels_are_one() -> None:
    """A message is sent when each has it; what one had before another failed may be sent twice."""
    again = TryAgain(reason="mailbox_full")
    assert await EachOf([Scripted(Sent()), Scripted(Sent())]).send(a_message()) == Sent()
    assert await EachOf([Scripted(again), Scripted()]).send(a_message()) == again
    assert await EachOf([Scripted(Sent()), Scripted(again)]).send(a_message()) == TryAgain(
        reason="mailbox_full", may_have_been_sent=True
    )
    refused = Rejected(reason="no_address")
    assert await EachOf([Scripted(refused), Scripted()]).send(a_message()) == refused


async def test_wishes_that_come_together_are_done_together() -> None:
    """In order; one that fails, or is not waited for any more, is nobody else's trouble."""
    begun, may_go_on = asyncio.Event(), asyncio.Event()
    done: list[list[int]] = []

    async def work(wishes: list[int]) -> list[int | Exception]:
        begun.set()
        await may_go_on.wait()
        done.append(list(wishes))
        if 99 in wishes:
            raise OSError("all of these")
        return [ValueError(str(wish)) if wish < 0 else wish * 2 for wish in wishes]

    gathered = Gathered[int, int](work)  # type: ignore[arg-type]  # a list is a sequence here
    first = asyncio.create_task(gathered(1))
    await begun.wait()
    later = [asyncio.create_task(gathered(wish)) for wish in (2, -3, 4)]
    await asyncio.sleep(0)
    later[2].cancel()
    may_go_on.set()
    assert await first == 2
    assert await later[0] == 4
    with pytest.raises(ValueError, match="-3"):
        await later[1]
    assert done == [[1], [2, -3, 4]]
    with pytest.raises(OSError, match="all of these"):
        await gathered(99)
    assert await gathered(5) == 10


async def delivered(records: Records, folder: Path, words: Words | None = None) -> list[dict[str, Any]]:
    """What stands in the files when everything owed was sent."""
    worded = Worded(records.log_lines, records.outbox, words or Words(), "file")
    delivery = Delivery(records.outbox, FileChannel(folder, worded, keep_days=30, now=Wall()), BRISK)
    task = asyncio.create_task(delivery.run())
    await all_is_sent(records)
    delivery.stop()
    await task
    return lines_of(folder / TODAY)


async def test_a_life_of_the_record_is_told_in_words(records: Records, tmp_path: Path) -> None:
    """Purpose and 9: from the outbox to the file: to each, in order, in their words, under the message's own key."""
    await records.record.open_ticket(a_policy(), an_opening())
    await records.record.settle("t-0001", an_acknowledgement("kim"), by=SettledBy.INTAKE)
    await records.record.settle("t-0001", WaitOnCustomer(actor="kim", question="Which lamp?"), by=SettledBy.INTAKE)
    answer = RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="The red one.")
    await records.record.settle("t-0001", answer, by=SettledBy.INTAKE)
    await records.record.settle("t-0001", PostUpdate(actor="kim", text="We come at four."), by=SettledBy.INTAKE)

    told = await delivered(records, tmp_path)

    customers = [line for line in told if line["audience"] == "customer"]
    assert [line["kind"] for line in customers] == ["opened", "question_asked", "update_posted"]
    assert [line["subject"] for line in customers] == [
        "We have your request (R-0001)",
        "A question about your request (R-0001)",
        "News of your request (R-0001)",
    ]
    assert "It should be solved by Tuesday 24 November at 12:00 (London time)." in customers[0]["text"]
    assert customers[0]["next_news_at"] == "2026-11-23T16:00:00+00:00"
    assert "Which lamp?" in customers[1]["text"]
    assert "We come at four." in customers[2]["text"]
    assert "The red one." in next(line["text"] for line in told if line["kind"] == "contact_received")
    assert len({line["key"] for line in told}) == len(told)
    assert not any(line["possibly_sent_twice"] for line in told)


async def test_a_message_sent_after_the_ticket_moved_on_tells_of_its_own_event(
    records: Records, tmp_path: Path, story_clock: StoryClock
) -> None:
    """4.7: hours later, with another question asked since: each asks its own, and says that it is late."""
    await records.record.open_ticket(a_policy(), an_opening())
    await records.record.settle("t-0001", WaitOnCustomer(actor="kim", question="First?"), by=SettledBy.INTAKE)
    story_clock.pass_(timedelta(hours=5))
    await records.record.settle("t-0001", WaitOnCustomer(actor="kim", question="Second?"), by=SettledBy.INTAKE)

    told = [line for line in await delivered(records, tmp_path) if line["audience"] == "customer"]

    opened, first, second = told[0], *[line for line in told if line["kind"] == "question_asked"]
    assert opened["next_news_at"] is None  # it was to come at four, and it is five
    assert "tells you what happened on Monday 23 November at 12:00" in opened["text"]
    assert "First?" in first["text"]
    assert "Second?" not in first["text"]
    assert "Second?" in second["text"]
    assert "sooner" not in second["text"]


async def test_all_that_broke_at_one_instant_is_one_letter(
    records: Records, tmp_path: Path, story_clock: StoryClock
) -> None:
    """6.13: the customer hears it once; the keys of what is told with it stand in the line, and nothing is pending."""
    await records.record.open_ticket(a_policy(), an_opening())
    await records.record.settle("t-0001", an_acknowledgement("kim"), by=SettledBy.INTAKE)
    at_one = MONDAY_NOON + timedelta(hours=1)
    for name in ("call", "visit"):
        promise = MakePromise(actor="kim", name=name, kind=PromiseKind.CALL_BACK, promised_at=at_one, words=name)
        await records.record.settle("t-0001", promise, by=SettledBy.INTAKE)
    story_clock.pass_(timedelta(minutes=61))
    await records.record.settle("t-0001", by=SettledBy.WORKFLOW)

    told = await delivered(records, tmp_path)

    [letter] = [line for line in told if line["kind"] == "promise_broken" and line["audience"] == "customer"]
    assert "We also promised to call you" in letter["text"]
    assert len(letter["also"]) == 1
    assert letter["also"][0] not in {line["key"] for line in told}
    assert [each["words"] for each in letter["facts"]["also"]] == ["visit"]
    assert all(not line["also"] for line in told if line is not letter)
    assert [line["kind"] for line in told].count("promise_broken") > 1  # each of them is told to the desk


async def test_several_channels_have_told_what_each_of_them_told() -> None:
    """A channel without words, the log, leaves nothing out by that; one whose words leave it out does."""
    call, visit = Behind(4, "promise_broken"), Behind(6, "promise_broken")
    log = LogChannel()

    def telling(*also: Behind) -> Scripted:
        return Scripted(Sent(also=also))

    assert await EachOf([telling(call, visit), log]).send(a_message()) == Sent(also=(call, visit))
    assert await EachOf([telling(call, visit), log, telling(visit)]).send(a_message()) == Sent(also=(visit,))
    assert await EachOf([telling(call, visit), telling()]).send(a_message()) == Sent()
    assert await EachOf([log, log]).send(a_message()) == Sent(also=None)


async def test_a_message_of_an_older_release_still_has_words(records: Records, record_url: str, tmp_path: Path) -> None:
    """Rows and lines that were written before there were promises are told by what they say."""
    await records.record.open_ticket(a_policy(), an_opening())
    outsider = Outsider(record_url)
    await outsider.run("DELETE FROM events WHERE kind = 'promise_made'")
    [opened, *_] = await delivered(records, tmp_path)
    assert (opened["kind"], opened["next_news_at"]) == ("opened", "2026-11-23T16:00:00+00:00")


async def test_what_a_newer_release_wrote_waits_for_it(records: Records, record_url: str, tmp_path: Path) -> None:
    """A rollout: a message of a kind, or of a line, or of a ticket that is not known here is kept, never mangled."""
    await records.record.open_ticket(a_policy(), an_opening())
    outsider = Outsider(record_url)
    worded = Worded(records.log_lines, records.outbox, Words(), "file")
    channel = FileChannel(tmp_path, worded, keep_days=30, now=Wall())
    for change in (
        "UPDATE outbox SET kind = 'sung'",
        "UPDATE outbox SET kind = 'opened'; UPDATE events SET kind = 'sung' WHERE sequence = 1",
    ):
        for statement in change.split("; "):
            await outsider.run(statement)
        [message, *_] = await records.outbox.take(limit=10, lease_seconds=600)
        assert await channel.send(message) == TryAgain(reason="no_words_here")
        await leases_end(record_url)
    await outsider.run("UPDATE events SET kind = 'opened' WHERE sequence = 1")
    await outsider.run("UPDATE tickets SET state_version = 99")
    [message, *_] = await records.outbox.take(limit=10, lease_seconds=600)
    assert await channel.send(message) == TryAgain(reason="record_away")


async def test_many_messages_are_read_in_one_question(records: Records) -> None:
    """Performance: the log around a batch is one question; each has its own lines, and no other ticket's."""
    for number in range(1, 6):
        await records.record.open_ticket(a_policy(), an_opening(number))
    messages = await records.outbox.take(limit=50, lease_seconds=600)
    found = await records.log_lines.of(messages, REACH)
    assert set(found) == {message.message_id for message in messages}
    for message in messages:
        lines = found[message.message_id]
        assert not isinstance(lines, Exception)
        assert lines.ticket.ticket_id == message.ticket_id
        assert [entry.sequence for entry in lines.entries] == list(range(1, lines.ticket.sequence + 1))
