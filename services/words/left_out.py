"""What a desk's own words no longer say, of what those that ship do: made of facts that show, and compared.

The reference, what happened, when the customer hears next, that a message is late, and an apology where a promise was
broken. A desk may leave out what it likes: it is told of it before a customer misses it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.words.kinds import KINDS, Kind, Side, Type
from services.words.library import ANY_CHANNEL, SHIPPED, Found, Library
from services.words.plain import has_words, of_html
from services.words.reading import By, Fact, Facts, When
from services.words.samples import ZONE, samples
from services.words.speech import Speech
from services.words.telling import Said, Telling, beside
from workflows.domain.languages import spoken
from workflows.domain.money import Money
from workflows.domain.ticket.words import Audience

SAYING: Mapping[str, str] = {
    "reference": "the reference",
    "next_news": "when the customer hears next",
    "happened": "that a message is late, and of when it tells",
    "text": "what there is to tell",
    "also_for": "which other requests of the customer's it is for",
    "also": "what else was not kept",
    "question": "what the customer is asked",
    "wait_until": "how long an answer is waited for",
    "answer_until": "until when an answer goes on with it",
    "explanation": "what the desk explains",
    "alternative": "what is offered instead",
    "sign_off_until": "until when the customer may object",
    "reopen_until": "until when it can be opened again",
    "solve_by": "by when it should be solved",
    "due": "when it was due",
    "promised": "what was promised for when",
    "promised_before": "for when it was promised before",
    "words": "what was promised",
    "still_promised": "for when something is still promised",
    "still_words": "what is still promised",
    "customers_words": "what the customer said",
    "credit": "the credit",
    "survivor": "the reference from now on",
}
"""What a customer is not to miss, by the variable that says it."""
AN_APOLOGY = "an apology"
APOLOGIES: Mapping[str, re.Pattern[str]] = {
    language: re.compile(words, re.IGNORECASE)
    for language, words in {
        "de": "entschuld|bedauer|verzeih|tut uns leid|leid tun",
        "en": "apolog|sorry|regret",
        "es": "disculp|lament|perd[oó]n|sentimos",
        "fr": "excus|désol|regrett|pardon|navr",
        "it": "scus|spiac|rammaric",
        "nl": "excus|spijt|sorry|verontschuldig",
        "pl": "przepras|przykro",
        "pt": "desculp|lament|perd[aã]o",
        "sv": "ursäkt|beklag|ledsn|förlåt",
    }.items()
}
"""How an apology is known, by language; in another one nobody can tell."""
NAMED = 4
"""Kinds that are named; of more it is said how many there are."""

_FIRST_DAY = datetime(2027, 3, 1, 4, 7, tzinfo=UTC)

Parts = Callable[[Library, Found], Iterable[Found]]
"""What a template includes, and what that includes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file of the desk's own, and what is missing in its words."""

    path: Path
    what: tuple[str, ...]
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {len(self.kinds) - NAMED} more" if len(self.kinds) > NAMED else ""
        return (
            f"leaves out {', '.join(self.what)}, which the words that ship say in "
            f"{', '.join(map(repr, self.kinds[:NAMED]))}{more}: say it, or customers are not told"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """A message to customers that is said, in part at least, by files of the desk's own."""

    kind: Kind
    language: str
    channel: str
    files: tuple[Found, ...]
    """The desk's own among those that make it, the template itself first where it is."""

    def said_by(self, library: Library, facts: Facts) -> Said:
        """Put facts into words. Raises whatever a template can."""
        telling = Telling(
            kind=self.kind,
            audience=Audience.CUSTOMER,
            asked=self.language,
            zone=ZONE,
            usual_zone=ZONE,
            beside=beside(facts),
            facts=facts,
            channel=self.channel,
        )
        return telling.by(library)


def left_out(library: Library, shipped: Library, parts: Parts) -> Iterator[LeftOut]:
    """Yield what own files leave out, a file each. What fails is told of elsewhere, and passed by here."""
    what: dict[Path, dict[str, None]] = {}
    kinds: dict[Path, dict[str, None]] = {}
    for own in _own(library, parts):
        for path, missing in _missing(own, library, shipped):
            what.setdefault(path, {})[missing] = None
            kinds.setdefault(path, {})[own.kind.name] = None
    for path, missing_there in what.items():
        ordered = sorted(missing_there, key=[*SAYING.values(), AN_APOLOGY].index)
        yield LeftOut(path=path, what=tuple(ordered), kinds=tuple(kinds[path]))


def _own(library: Library, parts: Parts) -> Iterator[_Own]:
    customers = [kind for kind in KINDS.values() if kind.side is Side.CUSTOMER]
    for language in library.languages():
        for kind in customers:
            for channel in _channels(library, language, kind):
                found = [
                    each
                    for ending in ("txt", "html")
                    if (each := library.find(kind, language, audience=None, channel=channel, ending=ending))
                ]
                if not found or found[0].language != language:
                    continue  # said in another language, and looked at there
                made_of = [*found, *(part for each in found for part in parts(library, each))]
                if files := tuple(each for each in made_of if each.folder != SHIPPED):
                    yield _Own(kind=kind, language=language, channel=channel, files=files)


def _channels(library: Library, language: str, kind: Kind) -> Iterator[str]:
    """Yield the channels that a kind has a template of its own for, any first."""
    yield ANY_CHANNEL
    named = f"{kind.name}.{kind.side.value}."
    for folder in library.folders:
        for path in sorted((folder / language).glob(f"{named}*.txt")):
            if channel := path.name.removeprefix(named).removesuffix("txt").rstrip("."):
                yield channel


def _missing(own: _Own, library: Library, shipped: Library) -> Iterator[tuple[Path, str]]:
    """Yield what the words that ship say of some facts and the desk's do not, and in which file."""
    for sample in samples(own.kind):
        facts = {name: _showing(own.kind.variables[name], name, fact) for name, fact in sample.items()}
        try:
            ours, theirs = own.said_by(library, facts), own.said_by(shipped, facts)
        except Exception:  # noqa: BLE001, S112 - whatever a template can raise is told of where templates are tried
            continue
        for name, what in SAYING.items():
            if _says(theirs.text, _shown(theirs.speech, facts.get(name))):
                shown = _shown(ours.speech, facts.get(name))
                if not _says(f"{ours.subject}\n{ours.text}", shown):
                    yield _to_blame(own, shipped, re.compile(rf"\b{name}\b"), "txt"), what
                elif not _says(of_html(ours.html), shown):
                    yield _to_blame(own, shipped, re.compile(rf"\b{name}\b"), "html"), what
        mine, known = (APOLOGIES.get(spoken(each.speech.language)) for each in (ours, theirs))
        is_sorry = known is not None and not facts["is_late"] and known.search(theirs.text)  # not for the delay alone
        if mine and known and is_sorry and not mine.search(ours.text):
            yield _to_blame(own, shipped, known, "txt"), AN_APOLOGY


def _showing(kind: Type, name: str, fact: Fact) -> Fact:
    """A fact of its own that can be found again in the words; what is none or decides something stays."""
    if fact is None or name not in SAYING:
        return fact
    number = list(SAYING).index(name)
    match kind:
        case Type.MOMENT:
            at = _FIRST_DAY + number * timedelta(days=1, hours=1, minutes=1)
            return When(at=at) if isinstance(fact, When) else By(at=at)
        case Type.MONEY:
            return Money(minor=73_100 + number, currency="GBP")
        case Type.LINE | Type.TEXT:
            return f"Zq{name.replace('_', '')}qz"
        case _:
            return fact


def _shown(speech: Speech, fact: Fact) -> tuple[str, ...]:
    """In which words a fact may show; none: not at all."""
    match fact:
        case By(at=at) | When(at=at):
            moment = speech.at(at)
        case Money(minor=minor, currency=currency):
            return (speech.money(minor, currency),)
        case str():
            return (fact,)
        case _:
            return ()
    return (moment.words, moment.day, moment.time, moment.iso)


def _says(text: str, shown: Iterable[str]) -> bool:
    return any(has_words(text, each) for each in shown)


def _to_blame(own: _Own, shipped: Library, says: re.Pattern[str], ending: str) -> Path:
    """The own file in place of the one that ships that says it; else the one that all of it comes from."""
    for found in own.files:
        instead_of = shipped.part(found.language, found.file)
        if instead_of is not None and says.search(instead_of.path.read_text(encoding="utf-8")):
            return found.path
    return next((each.path for each in own.files if each.file.endswith(ending)), own.files[0].path)
