"""`followthrough ticket …`: what customers are promised and offered, and what they say of it. One request out each."""

import click

from protos.followthrough.v1.ticket_pb2 import PromiseKind
from protos.followthrough.v1.ticket_service_pb2 import (
    ChangePromiseRequest,
    DecideCreditRequest,
    HoldTicketRequest,
    KeepPromiseRequest,
    MakePromiseRequest,
    OfferCreditRequest,
    RateTicketRequest,
)
from services.cli.asking import Asking, Instant
from services.cli.numbers import Positive, WholeNumber
from services.cli.options import InstantOption, changes
from services.money import NoAmount, in_words, minor_units
from workflows.domain.money import MOST_MINOR

PROMISES = click.Choice(["call_back", "next_news", "turnaround"])
STARS = WholeNumber(min=1, max=5)
CREDIT = WholeNumber(1, 2**31 - 1)


@click.command()
@click.argument("key")
@click.argument("name")
@click.argument("promise_time", metavar="AT", type=InstantOption())
@click.option("--words", required=True, help="What the customer is told.")
@click.option("--kind", type=PROMISES, default="call_back", show_default=True, help="What it is, see above.")
@click.option("--owner", default="", help="Who is to keep it. Default: the handler, or the actor while there is none.")
@changes
def promise(asking: Asking, *, key: str, name: str, promise_time: Instant, words: str, kind: str, owner: str) -> None:
    """Promise the customer something for an instant, and tell them: NAME, AT.

    AT is read in the zone of your terminal unless it names one: 2026-11-26T15:00 or 2026-11-26T15:00Z; 15:00 alone is
    that of today, by the record's clock.

    \b
    call_back   a call; kept by its name, with keep or with --keeps of a message
    next_news   a message by then; any message from a person keeps it
    turnaround  what is done by then, like a visit, a parcel or the whole; kept by
                its name too, or by resolving the ticket

    The customer's letter speaks of a call only for a call_back: give --kind turnaround for a visit or a parcel.

    \b
    followthrough ticket promise K7QM-3XVP call 15:00 --words "Ann calls you on the number that you gave us."
    followthrough ticket promise K7QM-3XVP visit 16:00 --kind turnaround --words "The engineer comes."
    followthrough ticket keep K7QM-3XVP call "Told her about the engineer."
    """
    request = MakePromiseRequest(name=name, words=words, owner=owner)
    request.kind = PromiseKind.Value(f"PROMISE_KIND_{kind.upper()}")
    request.promise_time.FromDatetime(asking.instant(promise_time))
    asking.change(key, request)


@click.command()
@click.argument("key")
@click.argument("name")
@click.argument("words", default="")
@changes
def keep(asking: Asking, key: str, name: str, words: str) -> None:
    """Record that what was promised was done, late or not: NAME, with WORDS for the log."""
    asking.change(key, KeepPromiseRequest(name=name, words=words))


@click.command()
@click.argument("key")
@click.argument("name")
@click.argument("promise_time", metavar="AT", type=InstantOption())
@click.option("--words", required=True, help="What the customer is told.")
@click.option("--reason", required=True, help="Why; the customer does not see it.")
@changes
def repromise(asking: Asking, *, key: str, name: str, promise_time: Instant, words: str, reason: str) -> None:
    """Agree another instant with the customer, before the first has come, and tell them: NAME, AT.

    AT is read as promise does. One that was broken is over: promise anew; keep records that the first was done late.
    """
    request = ChangePromiseRequest(name=name, words=words, reason=reason)
    request.promise_time.FromDatetime(asking.instant(promise_time))
    asking.change(key, request)


@click.command(cls=Positive)
@click.argument("key")
@click.argument("stars", type=STARS)
@click.argument("comment", default="")
@click.option("--customer", default="", help="Your own key of who says so; another than the ticket's is refused.")
@changes
def rate(asking: Asking, *, key: str, stars: int, comment: str, customer: str) -> None:
    """Record what the customer thinks of it all, once it is closed: STARS from 1 to 5, and COMMENT in their words."""
    asking.change(key, RateTicketRequest(stars=stars, comment=comment, customer=customer))


@click.command()
@click.argument("key")
@click.option("--reason", required=True, help="What for; the customer does not see it.")
@changes
def hold(asking: Asking, key: str, reason: str) -> None:
    """Say that the desk waits for something of its own: no clock stands still for it. continue ends it."""
    asking.change(key, HoldTicketRequest(reason=reason))


@click.command(cls=Positive)
@click.argument("key")
@click.argument("amount")
@click.argument("currency")
@click.option("--reason", required=True, help="Why; the customer does not see it.")
@changes
def credit(asking: Asking, *, key: str, amount: str, currency: str, reason: str) -> None:
    """Offer the customer a goodwill credit: AMOUNT, like 5 or 7.50, of CURRENCY, like EUR.

    Above what the policy lets anybody offer, its lead decides first: with decide.

    \b
    followthrough ticket credit K7QM-3XVP 7.50 GBP --reason "two visits for nothing"
    """
    code = currency.upper()
    try:
        minor = minor_units(amount, code)
    except NoAmount as error:
        raise click.BadParameter(str(error), param_hint="AMOUNT") from None
    if not 0 < minor <= MOST_MINOR:
        ends = f"{in_words(1, code)} to {in_words(MOST_MINOR, code)}"
        raise click.BadParameter(f"{amount!r} {code}: give an amount from {ends}", param_hint="AMOUNT")
    asking.change(key, OfferCreditRequest(minor=minor, currency=code, reason=reason))


@click.command(cls=Positive)
@click.argument("key")
@click.argument("number", type=CREDIT)
@click.option("--approve/--refuse", "is_approved", required=True, help="Whether the customer is offered it.")
@click.option("--reason", required=True, help="Why; the customer does not see it.")
@changes
def decide(asking: Asking, *, key: str, number: int, is_approved: bool, reason: str) -> None:
    """Decide, as the policy's lead, on the credit of that NUMBER, which waits for it."""
    asking.change(key, DecideCreditRequest(number=number, approved=is_approved, reason=reason))
