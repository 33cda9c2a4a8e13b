"""What a customer is told of a policy besides its table: who promises, by which channels, and what if it goes wrong.

Words for people. No ticket carries them and no deadline knows of them, so that they may change under running tickets.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workflows.domain.errors import PolicyError
from workflows.domain.languages import TAG, nearest
from workflows.domain.policy import Policy
from workflows.domain.policy_as_written import elements, items, listed, not_a_tuple, said

LONGEST_WORDS = 2_000
"""Characters of one text: a page for customers is read, or it is useless."""
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""What no page shows: controls but for tabs and ends of lines, and halves of characters, which no file takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to reach the desk, and what it costs the customer."""

    name: str
    """Like `phone`."""
    address: str
    """Where it is reached, like `0800 000 000`."""
    cost: str
    """What the customer pays for it, like `free from every network`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What stands on the page for customers and in no table (7.4). `PolicyError` tells all that is wrong with it."""

    provider: str
    """Who makes the promise, as customers know them."""
    channels: tuple[Channel, ...]
    complaints: str
    """What a customer can do who is not content; a blank line begins a paragraph, here and below."""
    refunds: str
    """What a customer gets back, when, and without asking for it."""
    title: str = "What we promise"
    introduction: str = ""
    priorities: Mapping[str, str] = field(default_factory=dict)
    """By priority: what it is, in the customer's words, like `nothing works at all`. Not named: the name must do."""
    tiers: Mapping[str, str] = field(default_factory=dict)
    """By tier: who that is, in the customer's words."""
    names: Mapping[str, str] = field(default_factory=dict)
    """By priority, tier or name of a closed date: what customers are told that it is called. Not named: as it is."""
    language: str = "en"
    """BCP 47 tag of the language that all of it is written in."""
    also: tuple["Publication", ...] = ()
    """The same in other languages, each whole."""

    def __post_init__(self) -> None:
        if problems := tuple(f"publication: {problem}" for problem in _problems(self)):
            raise PolicyError(*problems)
        for name in ("priorities", "tiers", "names"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language that it is written in, its own first."""
        return (self.language, *(each.language for each in self.also))

    def in_language(self, tag: str) -> "Publication | None":
        """What is written in the nearest language, `de` for one who reads `de-AT`; none where nothing is."""
        written = {next(nearest(each.language)): each for each in reversed((self, *self.also))}
        return next((written[each] for each in nearest(tag) if each in written), None)

    def problems_beside(self, policy: Policy) -> Iterator[str]:
        """Yield what it says of priorities and tiers that the policy does not have."""
        if unknown := [each for each in self.priorities if each not in policy.priorities]:
            yield f"publication: describes priorities {listed(unknown)}: the policy has {listed(policy.priorities)}"
        if unknown := [each for each in self.tiers if each not in policy.tier_names]:
            yield f"publication: describes tiers {listed(unknown)}: the policy has {listed(policy.tier_names)}"
        for each in self.also:
            yield from (f"{problem} (in {each.language!r})" for problem in each.problems_beside(policy))

    def to_data(self) -> dict[str, object]:
        """Return plain JSON data, for the way from one process to another."""
        return {
            "provider": self.provider,
            "channels": [{"name": each.name, "address": each.address, "cost": each.cost} for each in self.channels],
            "complaints": self.complaints,
            "refunds": self.refunds,
            "title": self.title,
            "introduction": self.introduction,
            "priorities": dict(self.priorities),
            "tiers": dict(self.tiers),
            "names": dict(self.names),
            "language": self.language,
            "also": [each.to_data() for each in self.also],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> "Publication":
        """Return the publication that `to_data` gave; `PolicyError` when that is not what it is."""
        match data:
            case {
                "provider": str(provider),
                "channels": list(channels),
                "complaints": str(complaints),
                "refunds": str(refunds),
                "title": str(title),
                "introduction": str(introduction),
                "priorities": dict(priorities),
                "tiers": dict(tiers),
                "names": dict(names),
                "language": str(language),
                "also": list(also),
            }:
                return cls(
                    provider=provider,
                    channels=tuple(Channel(**each) for each in channels),
                    complaints=complaints,
                    refunds=refunds,
                    title=title,
                    introduction=introduction,
                    priorities=priorities,
                    tiers=tiers,
                    names=names,
                    language=language,
                    also=tuple(cls.from_data(each) for each in also),
                )
            case _:
                raise PolicyError(f"not a publication: {said(data)}; pass what to_data() returned")


def _problems(published: Publication) -> Iterator[str]:
    for name in ("provider", "title", "complaints", "refunds"):
        yield from _of_words(name, getattr(published, name))
    if published.introduction != "":
        yield from _of_words("introduction", published.introduction)
    yield from not_a_tuple("channels", published.channels, "(Channel(name='phone', address='…', cost='free'),)")
    if not published.channels:
        yield "channels is empty: name at least one way to reach you"
    for channel in elements(published.channels):
        if isinstance(channel, Channel):
            for name in ("name", "address", "cost"):
                yield from _of_words(f"a channel's {name}", getattr(channel, name))
        else:
            yield f"channels names {said(channel)}: write Channel(name='phone', address='…', cost='free')"
    yield from _of_languages(published)
    for name in ("priorities", "tiers", "names"):
        table = getattr(published, name)
        if not isinstance(table, Mapping):
            yield f"{name} is {said(table)}: write words for each, like {{'urgent': 'nothing works at all'}}"
        for key, words in items(table):
            yield from _of_words(f"{name}[{said(key)}]", words)


def _of_languages(published: Publication) -> Iterator[str]:
    language: object = published.language
    if not isinstance(language, str) or not TAG.fullmatch(language):
        yield f"language is {said(language)}: write its tag, like 'en' or 'pt-BR'"
    yield from not_a_tuple("also", published.also, "(Publication(language='de', …),)")
    seen = {published.language}
    for each in elements(published.also):
        if not isinstance(each, Publication):
            yield f"also names {said(each)}: write Publication(language='de', …)"
        elif each.also:
            yield f"also has {said(each.language)}, which has others in turn: name them all beside each other"
        elif each.language in seen:
            yield f"also has {said(each.language)} a second time: write each language once"
        else:
            seen.add(each.language)


def _of_words(name: str, words: object) -> Iterator[str]:
    if not isinstance(words, str):
        yield f"{name} is {said(words)}: write a text in quotes"
    elif not words.strip():
        yield f"{name} is empty: say it in a sentence"
    elif len(words) > LONGEST_WORDS:
        yield f"{name} has {len(words)} characters: say it in at most {LONGEST_WORDS}"
    elif unseen := _UNWRITABLE.search(words):
        yield f"{name} has the character U+{ord(unseen[0]):04X} at {unseen.start()}: leave control characters out"
