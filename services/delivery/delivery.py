"""Delivery's loop: takes messages out of the outbox, has a channel send them, writes down what came of each.

At least once (4.7): the intent is in the record before a message is sent, the result after, and nothing is locked in
between. Refuses to know how anything is sent, and to leave anything out: a message that was overtaken is sent as well.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, assert_never

from services.delivery.channel import Channel, Outcome, Rejected, Sent, TryAgain
from services.records.errors import RecordError
from services.records.owed_messages import Fate, OwedMessage, WaitsFor, WasLetGo, WasRejected, WasSent

logger = logging.getLogger(__name__)

FIRST_REST = timedelta(seconds=1)
LONGEST_REST = timedelta(minutes=5)
"""Before a message is tried again: doubled with each try. It is never given up: somebody is owed it."""
LONGEST_ASKED_REST = timedelta(hours=1)
"""However long a channel asks for."""
LONGEST_BACK_OFF_SECONDS = 30.0


class Outbox(Protocol):
    """The record, as far as delivery works on it. Everything raises `RecordError`."""

    async def take(self, *, limit: int, lease_seconds: float) -> tuple[OwedMessage, ...]:
        """Claim messages for a while: none of them is in another's hands meanwhile."""
        ...

    async def write_down(self, fates: Sequence[Fate]) -> tuple[OwedMessage, ...]:
        """Write what became of them; returns those that another has taken since."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often delivery looks, and how much it takes on. All lengths are real time."""

    look_every_seconds: float = 0.5
    """While there is nothing; when there was as much as it takes, it looks at once."""
    gather_seconds: float = 0.2
    """After less than that: what callers leave behind meanwhile is one round, not one each."""
    batch: int = 100
    """Messages taken at once; the record takes smaller bites where it must."""
    width: int = 10
    """Messages being sent at the same time."""
    send_seconds: float = 10.0
    """How long one may take."""
    lease_seconds: float = 60.0
    """How long what was taken by a process that died is left alone. One that lives sends nothing after it."""


STEADY = Pace()


FATES: Mapping[type[Fate], str] = {
    WasSent: "sent",
    WasRejected: "rejected",
    WaitsFor: "tried_again",
    WasLetGo: "let_go",
}
"""What can become of a message in hand, in a word."""


@dataclass(slots=True, kw_only=True)
class DeliveryCounts:
    """What this process did; what became of a message for good stands in the record."""

    rounds: int = 0
    failed_rounds: int = 0
    """Those of them that came to nothing: the record did not answer, or worse."""
    fates: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(FATES.values(), 0)))
    """What became of the messages that were in hand, each time."""


class Delivery:
    """One loop. Any number of them may run beside each other."""

    def __init__(self, outbox: Outbox, channel: Channel, pace: Pace = STEADY) -> None:
        self.counts = DeliveryCounts()
        self._outbox = outbox
        self._channel = channel
        self._pace = pace
        self._width = asyncio.Semaphore(pace.width)
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Deliver until stopped; what is being sent then is sent, and written down."""
        logger.info("delivery started")
        wait_seconds = self._pace.look_every_seconds
        while not self._stopping.is_set():
            self.counts.rounds += 1
            try:
                delivered = await self._round()
            except Exception as failed:  # noqa: BLE001 - whatever it is, delivery outlives it
                self.counts.failed_rounds += 1
                wait_seconds = min(max(2 * wait_seconds, 1.0), LONGEST_BACK_OFF_SECONDS)
                logger.warning(
                    "delivery's round failed",
                    extra={"error": type(failed).__name__, "again_in_seconds": wait_seconds},
                )
            else:
                wait_seconds = self._pace.look_every_seconds
                if delivered:
                    wait_seconds = self._pace.gather_seconds
                if delivered >= self._pace.batch:
                    continue
            await self._rest(wait_seconds)
        logger.info("delivery stopped")

    def stop(self) -> None:
        """Begin to send no further message."""
        self._stopping.set()

    async def _round(self) -> int:
        """Take messages, send them, and write down what became of each as soon as it is known; how many."""
        until = asyncio.get_running_loop().time() + self._pace.lease_seconds
        messages = await self._outbox.take(limit=self._pace.batch, lease_seconds=self._pace.lease_seconds)
        async with asyncio.TaskGroup() as group:
            sending = {group.create_task(self._send(message, until)) for message in messages}
            while sending:
                done, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
                fates = [task.result() for task in done]
                self.counts.fates.update(FATES[type(fate)] for fate in fates)
                await self._write_down(fates, until)
        return len(messages)

    async def _send(self, message: OwedMessage, until: float) -> Fate:
        """Send it, unless it is too late for that: another may take it when the lease is over."""
        async with self._width:
            latest = until - self._pace.send_seconds
            if self._stopping.is_set() or asyncio.get_running_loop().time() > latest:
                return WasLetGo(message=message)
            return _fate(message, await self._outcome(message))

    async def _outcome(self, message: OwedMessage) -> Outcome:
        try:
            async with asyncio.timeout(self._pace.send_seconds):
                return await self._channel.send(message)
        except TimeoutError:
            return TryAgain(reason="no_answer_in_time", may_have_been_sent=True)
        except Exception as failed:  # noqa: BLE001 - one message must not stop the others
            logger.warning("channel failed", extra=_named(message) | {"error": type(failed).__name__})
            return TryAgain(reason="channel_failed", may_have_been_sent=True)

    async def _write_down(self, fates: Sequence[Fate], until: float) -> None:
        """Try for as long as the messages are ours: what is not written down is sent twice."""
        wait_seconds = self._pace.look_every_seconds
        while True:
            try:
                taken_since = await self._outbox.write_down(fates)
            except RecordError as failed:
                is_over = self._stopping.is_set() or asyncio.get_running_loop().time() + wait_seconds > until
                logger.warning(
                    "what became of messages is not written down",
                    extra={"count": len(fates), "error": type(failed).__name__, "is_given_up": is_over},
                )
                if is_over:
                    return
                await self._rest(wait_seconds)
                wait_seconds *= 2
            else:
                _say_who_took(taken_since)
                return

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


def _fate(message: OwedMessage, outcome: Outcome) -> Fate:
    match outcome:
        case Sent(also=also):
            for behind in also or ():
                named = _named(message) | {"sequence": behind.sequence, "kind": behind.kind}
                logger.info("message told with another", extra=named | {"key": message.key_of(behind)})
            return WasSent(message=message, also=also or ())
        case Rejected(reason=reason):
            logger.warning("message rejected", extra=_named(message) | {"reason": reason})
            return WasRejected(message=message, reason=reason)
        case TryAgain(reason=reason, after=after, may_have_been_sent=may_have_been_sent):
            rest = _own_rest(message.tries) if after is None else min(max(after, FIRST_REST), LONGEST_ASKED_REST)
            logger.warning(
                "message is tried again",
                extra=_named(message)
                | {
                    "reason": reason,
                    "tries": message.tries,
                    "again_in_seconds": rest.total_seconds(),
                    "may_have_been_sent": may_have_been_sent,
                },
            )
            return WaitsFor(message=message, rest=rest, reason=reason, may_have_been_sent=may_have_been_sent)
        case _:
            assert_never(outcome)


def _own_rest(tries: int) -> timedelta:
    doubled: timedelta = FIRST_REST * (1 << min(tries - 1, 20))
    return min(doubled, LONGEST_REST)


def _say_who_took(messages: Iterable[OwedMessage]) -> None:
    """Our claim ran out while we sent: somebody else sends them too, and says so."""
    for message in messages:
        logger.warning("message was taken by another delivery", extra=_named(message))


def _named(message: OwedMessage) -> dict[str, object]:
    """Name a message in the log: of which ticket and line, and for what audience, but never for whom."""
    return {
        "ticket_id": message.ticket_id,
        "sequence": message.sequence,
        "kind": message.kind,
        "audience": message.audience,
        "key": message.key,
    }
