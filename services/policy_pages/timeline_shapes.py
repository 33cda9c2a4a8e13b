"""What is drawn of a story, and where: the words of the chart's template. Values only, in the chart's own units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stretch of a lane."""

    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A clock run."""

    x: float
    y: float
    width: float
    height: float
    state: str
    paused: tuple[Band, ...]
    warned: tuple[float, ...]
    """Where its warnings stand."""
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The customer's or a tier's."""

    name: tuple[str, ...]
    """In as many lines as it takes."""
    place: str
    """Its zone's."""
    x: float
    width: float
    columns: tuple[tuple[float, str], ...]
    """Where its clocks stand, and what they are."""
    closed: tuple[Band, ...]
    stays: tuple[Band, ...]
    """When the tier has the ticket."""
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of words."""

    y: float
    text: str
    kind: str
    """`heading`, `hours`, an event's name for what happens, or `below` for what follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An instant on the axis."""

    y: float
    time: str
    kind: str
    """Of what matters most of what happens then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A date on the axis, where it begins."""

    y: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything that is drawn."""

    width: float
    height: float
    top: float
    bottom: float
    axis: float
    """Where the instants stand, their times before it."""
    words_x: float
    title: str
    introduction: tuple[str, ...]
    lanes: tuple[Lane, ...]
    headings: tuple[Heading, ...]
    marks: tuple[Mark, ...]
    texts: tuple[Text, ...]
    ending: tuple[str, ...]
