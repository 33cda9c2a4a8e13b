"""Contacts of one matter, received at the same instant: in this process, or in one of several.

`python -m tests.support.receiving URL MATTER FIRST COUNT`: says `ready`, waits for a line, receives as many at once,
and prints which ticket each is on, with a `+` where it was opened.
"""

import asyncio
import sys

from services.records import Named, Records, Request, Settled, connect
from services.records.contacts import OpeningOf
from tests.support.clock import StoryClock
from tests.support.record import a_policy, an_opening
from tests.support.waiting import UNHURRIED
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Customer, Open, RecordContact
from workflows.domain.ticket.verdict import Judged
from workflows.domain.ticket.words import ContactKind

ADA = Customer(external_id="c-1", name="Ada Okafor", language="en-GB", zone="Europe/London")


def joined(judged: Judged) -> bytes:
    """What whoever joins is told."""
    return judged.ticket.ticket_id.encode()


def opened(judged: Judged) -> bytes:
    """What whoever opens is told."""
    return f"{judged.ticket.ticket_id}+".encode()


def opening_of(number: int, *, subject: str = "line down", thread: str | None = None) -> OpeningOf:
    """A new ticket with a number of its own."""

    async def opening(follows: str | None) -> tuple[Policy, Open]:
        like = an_opening(number)
        command = Open(
            actor="mail",
            ticket_id=like.ticket_id,
            reference=like.reference,
            queue="home",
            priority="normal",
            customer=ADA,
            subject=subject,
            description="it is dead",
            channel="mail",
            follows=follows,
            thread=thread,
        )
        return a_policy(), command

    return opening


async def receive(
    records: Records,
    number: int,
    *,
    subject: str = "line down",
    thread: str | None = None,
    reference: str | None = None,
    customer: str = ADA.external_id,
    request_id: str | None = None,
) -> Settled:
    """Receive one contact, as the request of that number."""
    return await records.contacts.receive(
        Named(reference=reference, thread=thread, customer_id=customer, subject=subject),
        RecordContact(
            actor="mail", kind=ContactKind.NEWS, channel="mail", text="any news?", thread=thread, customer=customer
        ),
        opening_of(number, subject=subject, thread=thread),
        request=Request(caller="mail-1", request_id=request_id or f"r-{number}", body_hash=b"body"),
        joined=joined,
        opened=opened,
    )


async def receive_many(records: Records, matter: str, first: int, count: int) -> list[str]:
    """Receive as many at once, by the subject in as many spellings, or by the thread under subjects of their own."""
    found = await asyncio.gather(
        *(
            receive(records, number, subject="Re: " * (number % 3) + "Line  down")
            if matter == "subject"
            else receive(records, number, subject=f"about {number}", thread="<1@example.org>")
            for number in range(first, first + count)
        )
    )
    return [(settled.answer or b"").decode() for settled in found]


async def main(url: str, matter: str, first: str, count: str) -> None:
    """Be one of several processes."""
    async with await connect(url, StoryClock(), timeouts=UNHURRIED) as records:
        await records.queries.instant()  # a first connection is made
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        sys.stdout.write(" ".join(await receive_many(records, matter, int(first), int(count))) + "\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
