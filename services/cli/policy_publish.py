"""`followthrough policy publish`: the page that tells customers what they are promised."""

from datetime import date, datetime
from pathlib import Path

import click

from services.cli.failing import Failed
from services.cli.page_file import FILE, write_page
from services.cli.policy_spec import found_by
from services.cli.words_checked import words_in_force
from services.policy_pages import sla
from services.words.page_words import SLA_FILE, PageWords, page_languages
from workflows.domain.policy import Policy
from workflows.domain.zones import zone
from workflows.planning.promised import Promised, promised
from workflows.planning.publication import Publication


@click.command()
@click.argument("spec")
@click.option("--html", type=FILE, help="Write it as one self-contained page, good on paper too, to this file.")
@click.option("--markdown", type=FILE, help="Write it in Markdown to this file.")
@click.option(
    "--language",
    help="BCP 47 tag, like 'de': one that the policy is published in, and that there are words of the page for; see"
    " docs/policy.md. Default: the first that it is published in.",
)
@click.option(
    "--from",
    "from_day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day on which it is good; closed dates before it are left out. Default: today, in the policy's zone.",
)
def publish(
    *, spec: str, html: Path | None, markdown: Path | None, language: str | None, from_day: datetime | None
) -> None:
    """Write the page for customers: what we promise by priority, hours, holidays, channels, escalation, refunds.

    The words that stand in no table are the `published` of the policy's file. Without a file to write to, Markdown is
    printed. SPEC is the policy's name, its file, or either at a git revision: SPEC@REVISION.

    \b
    followthrough policy publish broadband --html sla.html
    followthrough policy publish broadband --language de --html sla.de.html
    """
    found = found_by(spec)
    if found.published is None:
        raise Failed(
            f"policy {found.policy.name!r} publishes nothing: add published = Publication(…) to its file, as in"
            " docs/policy.md",
            exit_code=2,
        )
    day = datetime.now(zone(found.policy.calendar.zone)) if from_day is None else from_day
    content = _said(found.policy, found.published, language or found.published.language, day.date())
    if html:
        write_page(html, sla.html(content))
    if markdown:
        write_page(markdown, sla.markdown(content))
    if not (html or markdown):
        click.echo(sla.markdown(content), nl=False)


def _said(policy: Policy, published: Publication, language: str, day: date) -> Promised:
    """What the page says, in that language; `Failed` where it cannot."""
    if published.in_language(language) is None:
        raise Failed(
            f"--language: policy {policy.name!r} is published in {', '.join(published.languages)}, not in {language!r}:"
            f" add also=(Publication(language={language!r}, …),) to its `published`",
            exit_code=2,
        )
    library = words_in_force().library
    try:
        words = PageWords.of(library, language)
        if words is not None:
            return promised(policy, published, day, words)
    except Exception as error:  # noqa: BLE001 - whatever a desk's template can raise
        raise Failed(
            f"the words of the page fail: {error}: `followthrough words check` says where", exit_code=1
        ) from None
    raise Failed(
        f"--language: the page has words in {', '.join(page_languages(library))}, not in {language!r}: write"
        f" {language}/{SLA_FILE} in the folder of FOLLOWTHROUGH_WORDS, beginning with a copy of ours",
        exit_code=2,
    )
