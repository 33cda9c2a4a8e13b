"""`followthrough words …`: what messages say, seen before anybody is told anything."""

import json
from difflib import get_close_matches

import click

from services.cli import wording, words_checked
from services.cli.failing import Failed
from services.cli.numbers import WholeNumber
from services.cli.sections import Sections
from services.cli.tables import headed, write
from services.words.kinds import KINDS, Kind, Side
from services.words.library import ANY_CHANNEL, file_names
from services.words.samples import ZONE, sample
from services.words.words import Words
from workflows.domain.errors import CalendarError
from workflows.domain.ticket.words import Audience
from workflows.domain.zones import zone as zone_of

FOUND = 1
"""Exit code when something is wrong with a template."""


@click.group(cls=Sections)
def words() -> None:
    """See what messages say, before anybody is told anything.

    Templates ship in English and German. FOLLOWTHROUGH_WORDS names a folder with a desk's own, which go before them.
    """


@words.command("list")
@click.option("--json", "is_json", is_flag=True, help="One JSON object a kind and line.")
def list_(*, is_json: bool) -> None:
    """List every kind of message, who is told it, in which languages, and what its templates may use."""
    found = words_checked.words_in_force()
    table = headed("kind", "told", "languages", "variables")
    for kind in KINDS.values():
        languages = _languages(found, kind)
        if is_json:
            variables = {name: held.name.lower() for name, held in kind.variables.items()}
            shown = {"kind": kind.name, "side": kind.side.value, "languages": languages, "variables": variables}
            click.echo(json.dumps(shown))
        else:
            table.add_row(kind.name, kind.side.value, ", ".join(languages), ", ".join(sorted(kind.variables)))
    if not is_json:
        write(table)


@words.command()
@click.argument("kind")
@click.option("--language", default=None, help="BCP 47 tag, like 'de-AT'. Default: FOLLOWTHROUGH_WORDS_LANGUAGE.")
@click.option("--side", type=click.Choice([side.value for side in Side]), help="Who reads it. Default: the customer.")
@click.option("--audience", type=click.Choice([each.value for each in Audience]), help="Which of the desk reads it.")
@click.option("--channel", default=ANY_CHANNEL, help="By what it is sent, like 'file'. Default: any.")
@click.option("--zone", default=ZONE, help=f"The reader's zone. Default: {ZONE}, the policy's own here.")
@click.option("--choice", type=WholeNumber(min=0), default=0, help="Another cause, outcome or promise: 0, 1, 2 …")
@click.option("--sparse", is_flag=True, help="Without all that the log may say nothing of.")
@click.option("--html", "is_html", is_flag=True, help="The page of HTML instead of the text.")
def show(
    kind: str,
    *,
    language: str | None,
    side: str | None,
    audience: str | None,
    channel: str,
    zone: str,
    choice: int,
    sparse: bool,
    is_html: bool,
) -> None:
    """Show a message of that KIND, made of sample facts.

    \b
    followthrough words show promise_broken --language de-AT --zone Europe/Vienna --choice 1
    """
    found = words_checked.words_in_force()
    reader = Audience(audience) if audience else None
    chosen = _kind(kind, side, reader)
    try:
        zone_of(zone)
        said = found.preview(
            chosen,
            sample(chosen, choice, is_sparse=sparse),
            language=language or found.default_language,
            zone=zone,
            usual_zone=ZONE,
            audience=reader or (Audience.CUSTOMER if chosen.side is Side.CUSTOMER else Audience.LEAD),
            channel=channel,
        )
    except CalendarError as error:
        raise Failed(f"--zone: {error}", exit_code=2) from None
    except Exception as error:  # noqa: BLE001 - whatever a desk's template can raise
        wrong = f"{type(error).__name__}: {error}: `followthrough words check` says where"
        raise Failed(f"the template fails: {wrong}", exit_code=FOUND) from None
    if is_html:
        click.echo(said.html.rstrip("\n"))
        return
    click.echo(wording.plain(said.subject).plain)
    click.echo()
    for line in said.text.split("\n"):
        click.echo(wording.plain(line).plain)


@words.command()
@click.option("--json", "is_json", is_flag=True, help="One JSON object.")
@click.pass_context
def check(ctx: click.Context, *, is_json: bool) -> None:
    """See that every template can be used: variables, syntax, and that each language says every kind.

    So too what a desk's own words leave out, of what ours say, that a customer would miss: when they hear next, until
    when they may answer, an apology where a promise was broken.

    Exit code 0: nothing wrong; 1: something is; 2: the settings cannot be used.
    """
    problems = words_checked.problems_in_force()
    if is_json:
        click.echo(json.dumps(words_checked.as_data(problems), ensure_ascii=False))
    else:
        words_checked.write(problems)
    if problems:
        ctx.exit(FOUND)


def _kind(name: str, side: str | None, audience: Audience | None) -> Kind:
    wanted = [Side(side)] if side else [Side.of(audience)] if audience else list(Side)
    for each in wanted:
        if found := KINDS.get((name, each)):
            return found
    names = sorted({known for known, _ in KINDS})
    if name in names:
        told = ", ".join(each.value for known, each in KINDS if known == name)
        raise Failed(f"{name!r} is not told to the {wanted[0].value}: it is told to the {told}", exit_code=2)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`followthrough words list` names them"
    raise Failed(f"there is no kind of message {name!r}: {hint}", exit_code=2)


def _languages(found: Words, kind: Kind) -> list[str]:
    files = tuple(file_names(kind, audience=None, channel=ANY_CHANNEL, ending="txt"))
    library = found.library
    return [each for each in library.languages() if any(library.at(each, file) for file in files)]
