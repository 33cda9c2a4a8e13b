"""The page that tells customers what they are promised: HTML that prints, and Markdown for a site of one's own."""

from services.policy_pages.templating import template
from workflows.planning.promised import Promised


def html(promised: Promised) -> str:
    """Return one self-contained page: no script, nothing fetched, light and dark, and clean on paper."""
    return template("sla.html.j2").render(of=promised, paragraphs=_paragraphs)


def markdown(promised: Promised) -> str:
    """Return the same page in Markdown."""
    return template("sla.md.j2").render(of=promised, paragraphs=_paragraphs, cell=_cell)


def _paragraphs(text: str) -> list[str]:
    """A text's paragraphs, each one line."""
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def _cell(text: str) -> str:
    """A text as it may stand in a table of Markdown."""
    return " ".join(text.split()).replace("|", "\\|")
