"""The dated story of a policy as a page for a wall: its chart, and the same in words. Self-contained, no script."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from services.policy_pages import timeline_chart
from workflows.planning.moments import Timeline
from workflows.planning.telling import below, telling

_pages = Environment(
    loader=PackageLoader("services.policy_pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_pages.filters["n"] = lambda number: f"{number:.1f}".removesuffix(".0")


def chart(story: Timeline) -> str:
    """Return the chart alone, as an SVG document."""
    return _pages.get_template("timeline.svg.j2").render(of=timeline_chart.chart(story), is_alone=True)


def page(story: Timeline) -> str:
    """Return the page: light and dark, and clean on paper."""
    of = timeline_chart.chart(story)
    return _pages.get_template("timeline.html.j2").render(of=of, told=telling(story), below=below, is_alone=False)
