"""`followthrough problem …`: one fault, many tickets, by hand. Options in, one question out."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import click

from protos.followthrough.v1.problem_service_pb2 import (
    AnnounceFixRequest,
    AnnouncementWords,
    AnnounceUpdateRequest,
    CancelAnnouncementRequest,
    ChangeProblemRequest,
    CloseProblemRequest,
    ListProblemsRequest,
    OpenProblemRequest,
    PauseAnnouncementRequest,
    ProblemKind,
    ProblemState,
    ResumeAnnouncementRequest,
)
from services.cli.asking import Asking
from services.cli.numbers import WholeNumber
from services.cli.options import NUMBER, asks, reads
from services.cli.problem_asking import OUTCOMES, ProblemAsking
from services.cli.sections import Sections

KINDS = click.Choice(["fault", "improvement"])
STATES = click.Choice(["investigating", "known", "planned", "fixed", "declined"])
Translations = Sequence[tuple[str, str]]
"""Languages by their tags, each with its words."""
RATE = WholeNumber(min=1, max=500)


def paced(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that announces something other languages, how fast, and whether it is waited for."""
    with_rate = click.option(
        "--per-second",
        type=RATE,
        default=50,
        show_default=True,
        help="Of how many tickets customers are told a second, at most: callers and others' deadlines come first.",
    )
    with_words = click.option(
        "--words-in",
        nargs=2,
        multiple=True,
        metavar="LANGUAGE TEXT",
        help="The same in one more language, like: --words-in de 'Ein Bagger.' For whoever reads that; once each.",
    )
    with_watch = click.option("--watch", is_flag=True, help="Show how far it is until it is over. It goes on anyway.")
    return with_words(with_rate(with_watch(asks(command))))


@click.command("open")
@click.argument("title")
@click.option("--kind", type=KINDS, default="fault", show_default=True, help="Broken, or wished for.")
@click.option("--state", type=STATES, default="investigating", show_default=True, help="How far it is.")
@click.option("--words", default="", help="What may be said about it to whoever asks.")
@asks
def open_(asking: Asking, *, title: str, kind: str, state: str, words: str) -> None:
    """Enter a problem that is known from now on; TITLE is one line. No customer is told."""
    request = OpenProblemRequest(title=title, kind=_kind(kind), state=_state(state), words=words)
    ProblemAsking(asking).change(request)


@click.command()
@click.argument("problem_id", metavar="PROBLEM")
@reads
def show(asking: Asking, *, problem_id: str) -> None:
    """Show a problem."""
    ProblemAsking(asking).show(problem_id.upper())


@click.command("list")
@click.option("--kind", type=KINDS, help="Only those of this kind.")
@click.option("--state", type=STATES, help="Only those in this state.")
@click.option("--all", "is_all", is_flag=True, help="Closed ones too.")
@reads
def list_(asking: Asking, *, kind: str | None, state: str | None, is_all: bool) -> None:
    """List known problems and wishes for the product, the newest first."""
    request = ListProblemsRequest(include_closed=is_all, page_size=100)
    if kind:
        request.kind = _kind(kind)
    if state:
        request.state = _state(state)
    ProblemAsking(asking).problems(request)


@click.command()
@click.argument("problem_id", metavar="PROBLEM")
@click.option("--state", type=STATES, help="How far it is now.")
@click.option("--title", default="", help="In one line.")
@click.option("--words", default="", help="What may be said about it to whoever asks.")
@click.option("--expected-version", type=NUMBER, default=0, help="Refuse it when the problem moved on. Default: any.")
@asks
def change(asking: Asking, *, problem_id: str, state: str | None, title: str, words: str) -> None:
    """Say how far a problem is, or put it in other words. No customer is told."""
    version = asking.expected_version
    request = ChangeProblemRequest(problem_id=problem_id.upper(), title=title, words=words, expected_version=version)
    if state:
        request.state = _state(state)
    ProblemAsking(asking).change(request)


@click.command()
@click.argument("problem_id", metavar="PROBLEM")
@click.argument("reason")
@asks
def close(asking: Asking, *, problem_id: str, reason: str) -> None:
    """End a problem, for a REASON of the desk's: no ticket is linked to it any more, and nothing announced."""
    ProblemAsking(asking).change(CloseProblemRequest(problem_id=problem_id.upper(), reason=reason))


@click.command()
@click.argument("problem_id", metavar="PROBLEM")
@click.argument("keys", metavar="KEY", nargs=-1, required=True)
@asks
def link(asking: Asking, *, problem_id: str, keys: Sequence[str]) -> None:
    """Link tickets to a problem, by id or reference: all of them or none, a hundred at most. No customer is told."""
    ProblemAsking(asking).link(problem_id.upper(), keys)


@click.command()
@click.argument("problem_id", metavar="PROBLEM")
@click.argument("keys", metavar="KEY", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why, for the desk.")
@asks
def unlink(asking: Asking, *, problem_id: str, keys: Sequence[str], reason: str) -> None:
    """Take tickets from a problem, all of them or none."""
    ProblemAsking(asking).unlink(problem_id.upper(), keys, reason)


@click.command()
@click.argument("problem_id", metavar="PROBLEM")
@reads
def tickets(asking: Asking, *, problem_id: str) -> None:
    """List the tickets that are linked to a problem."""
    ProblemAsking(asking).linked(problem_id.upper())


@click.command()
@click.argument("problem_id", metavar="PROBLEM")
@click.argument("text")
@paced
def update(asking: Asking, *, problem_id: str, text: str, words_in: Translations, per_second: int, watch: bool) -> None:
    """Tell the customer of every linked ticket TEXT: an update of yours on each, which meets its update clock."""
    request = AnnounceUpdateRequest(problem_id=problem_id.upper(), text=text, tickets_per_second=per_second)
    request.words_in.extend(_words(words_in))
    ProblemAsking(asking).announce(request, is_watched=watch)


@click.command()
@click.argument("problem_id", metavar="PROBLEM")
@click.argument("explanation")
@paced
def fix(
    asking: Asking, *, problem_id: str, explanation: str, words_in: Translations, per_second: int, watch: bool
) -> None:
    """Resolve every linked ticket as fixed, with an EXPLANATION to its customer, and ask for sign-off."""
    request = AnnounceFixRequest(problem_id=problem_id.upper(), explanation=explanation, tickets_per_second=per_second)
    request.words_in.extend(_words(words_in))
    ProblemAsking(asking).announce(request, is_watched=watch)


@click.command()
@click.argument("announcement_id", metavar="ANNOUNCEMENT")
@click.option("--watch", is_flag=True, help="Show how far it is until it is over. It goes on anyway.")
@reads
def announcement(asking: Asking, *, announcement_id: str, watch: bool) -> None:
    """Show how far an announcement is: who was told, who waits, who could not be told and why."""
    ProblemAsking(asking).announcement(announcement_id.upper(), is_watched=watch)


@click.command()
@click.argument("problem_id", metavar="PROBLEM", default="")
@reads
def announcements(asking: Asking, *, problem_id: str) -> None:
    """List what was announced, of one PROBLEM or of all, the newest first."""
    ProblemAsking(asking).announcements(problem_id.upper())


@click.command()
@click.argument("announcement_id", metavar="ANNOUNCEMENT")
@click.option("--outcome", default="", help=f"Only these: {', '.join(OUTCOMES)}, or why it was refused.")
@reads
def told(asking: Asking, *, announcement_id: str, outcome: str) -> None:
    """List the tickets of an announcement, and what became of each."""
    ProblemAsking(asking).announced_to(announcement_id.upper(), outcome)


@click.command()
@click.argument("announcement_id", metavar="ANNOUNCEMENT")
@asks
def pause(asking: Asking, *, announcement_id: str) -> None:
    """Tell nobody further until it is resumed."""
    ProblemAsking(asking).announce(PauseAnnouncementRequest(announcement_id=announcement_id.upper()))


@click.command()
@click.argument("announcement_id", metavar="ANNOUNCEMENT")
@click.option("--watch", is_flag=True, help="Show how far it is until it is over. It goes on anyway.")
@asks
def resume(asking: Asking, *, announcement_id: str, watch: bool) -> None:
    """Go on with one that was paused."""
    request = ResumeAnnouncementRequest(announcement_id=announcement_id.upper())
    ProblemAsking(asking).announce(request, is_watched=watch)


@click.command()
@click.argument("announcement_id", metavar="ANNOUNCEMENT")
@asks
def cancel(asking: Asking, *, announcement_id: str) -> None:
    """Tell nobody further, ever. Who was told was told."""
    ProblemAsking(asking).announce(CancelAnnouncementRequest(announcement_id=announcement_id.upper()))


SECTIONS: Mapping[str, Sequence[click.Command]] = {
    "Look": (list_, show, tickets),
    "Know": (open_, change, link, unlink, close),
    "Tell all customers": (update, fix),
    "Announcements": (announcements, announcement, told, pause, resume, cancel),
}
"""Every command, under what it is for."""


@click.group(cls=Sections, sections=SECTIONS)
def problem() -> None:
    """Know one fault behind many tickets, and tell all their customers at once.

    PROBLEM and ANNOUNCEMENT are ids, KEY is a ticket's id or its reference. What is announced goes on by itself,
    whatever stops and starts meanwhile, and each customer is told once, of all their tickets. Exit code 0: done; 1:
    refused, with the reason; 2: no answer, or not understood.

    \b
    followthrough problem open "Cable cut in Hill Road"     # shows its id
    followthrough problem link PROBLEM K7QM-3XVP RT5H-9WXA
    followthrough problem fix PROBLEM "The cable is mended." --watch
    """


def _words(words_in: Translations) -> Iterator[AnnouncementWords]:
    for language, text in words_in:
        yield AnnouncementWords(language=language, text=text)


def _kind(said: str) -> "ProblemKind.ValueType":
    return ProblemKind.Value(f"PROBLEM_KIND_{said.upper()}")


def _state(said: str) -> "ProblemState.ValueType":
    return ProblemState.Value(f"PROBLEM_STATE_{said.upper()}")
