"""What is wrong with an announcement's words in more languages. Knows which languages letters are in, and no words."""

from collections.abc import Iterator, Sequence

from protos.followthrough.v1.problem_service_pb2 import AnnouncementWords
from services.intake.fields import Violation
from workflows.domain.languages import nearest
from workflows.domain.ticket.texts import quoted

MOST_LANGUAGES = 20
"""An announcement is told in, beside its main words: its row, and what shows it, stay small."""


def violations(words_in: Sequence[AnnouncementWords], languages: Sequence[str]) -> Iterator[Violation]:
    """Find what is wrong with the languages; how a tag and a text must look was seen before."""
    if len(words_in) > MOST_LANGUAGES:
        yield Violation("words_in", f"has {len(words_in)}: at most {MOST_LANGUAGES} are allowed")
        return
    known, said = {next(nearest(tag)) for tag in languages}, set[str]()
    for place, each in enumerate(words_in):
        if not each.language:  # said already
            continue
        tag = next(nearest(each.language))
        if known.isdisjoint(nearest(tag)):
            known_ones = ", ".join(languages) or "none"
            problem = f"{quoted(each.language)} is no language that messages are written in: those are {known_ones}"
            yield Violation(f"words_in[{place}].language", problem)
        elif tag in said:
            yield Violation(f"words_in[{place}].language", f"{quoted(each.language)} was given before: leave it out")
        said.add(tag)
