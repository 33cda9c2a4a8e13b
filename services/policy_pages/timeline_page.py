"""The dated story of a policy as a page for a wall: its chart, and the same in words. Self-contained, no script."""

from services.policy_pages import timeline_chart
from services.policy_pages.templating import template
from workflows.planning.moments import Timeline
from workflows.planning.telling import below, telling


def chart(story: Timeline) -> str:
    """Return the chart alone, as an SVG document."""
    return template("timeline.svg.j2").render(of=timeline_chart.chart(story), is_alone=True)


def page(story: Timeline) -> str:
    """Return the page: light and dark, and clean on paper."""
    of = timeline_chart.chart(story)
    return template("timeline.html.j2").render(of=of, told=telling(story), below=below, is_alone=False)
