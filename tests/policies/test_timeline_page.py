"""The page of a dated story for a wall: nothing overlaps, nothing is fetched, and it says what the text says."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from services.policy_pages import timeline_chart, timeline_page
from services.policy_pages.timeline_scale import Scale, Stop
from tests.support.policies import ALWAYS, LINES, ladder
from workflows.domain.calendar import Calendar
from workflows.domain.opening_hours import DAYS
from workflows.domain.policy_data import from_data, to_data
from workflows.domain.ticket.commands import Acknowledge, WaitOnCustomer
from workflows.planning.moments import Act, Timeline
from workflows.planning.telling import telling
from workflows.planning.timeline import timeline

OPENED_AT = datetime(2026, 11, 27, 17, 55, tzinfo=UTC)  # a Friday, five minutes before the desk of LINES closes
SVG = "{http://www.w3.org/2000/svg}"


def story(priority: str = "urgent") -> Timeline:
    """Nobody acts all week end."""
    return timeline(LINES, priority=priority, at=OPENED_AT)


def asked_story() -> Timeline:
    """Acknowledged on Saturday, then the customer is waited for and never answers."""
    acts = [
        Act(at=datetime(2026, 11, 28, 9, 5, tzinfo=UTC), command=Acknowledge(actor="ann", handler="ann", tier="agent")),
        Act(at=datetime(2026, 11, 28, 10, tzinfo=UTC), command=WaitOnCustomer(actor="ann", question="which router?")),
    ]
    return timeline(LINES, priority="urgent", at=OPENED_AT, acts=acts)


def crowded_story() -> Timeline:
    """Long names, and desks with many hours a day: more than a line has room for."""
    data = to_data(LINES)
    week = dict.fromkeys(DAYS, "08:00-09:00, 10:00-11:00, 12:00-13:00, 14:00-15:00, 16:00-18:00")
    names = ("first-line-of-the-home-desk", "component-supplier", "x" * 60)
    zones = ("Europe/London", "Europe/Berlin", "Asia/Kolkata")
    tiers = [
        {**tier, "name": name, "calendar": Calendar(zone, week).to_data()}
        for tier, name, zone in zip(data["tiers"], names, zones, strict=True)  # type: ignore[call-overload]  # a list
    ]
    return timeline(from_data({**data, "tiers": tiers}), priority="urgent", at=OPENED_AT)


def test_names_of_lanes_have_room() -> None:
    """Beside each other, in a few short lines each; what is longer still ends in dots."""
    names = [lane.name for lane in timeline_chart.chart(crowded_story()).lanes]
    assert names == [
        ("customer",),
        ("first-line-", "of-the-home-", "desk"),
        ("component-", "supplier"),
        ("x" * 12, "x" * 12, "…"),
    ]


def test_no_two_lines_of_words_overlap() -> None:
    """Each has a place of its own, in the order of time, and none is longer than its column."""
    for each in (*(story(priority) for priority in LINES.priorities), crowded_story()):
        chart = timeline_chart.chart(each)
        places = [text.y for text in chart.texts]
        assert min(after - before for before, after in pairwise(places)) >= timeline_chart.LINE - 1e-6
        assert max(len(text.text) for text in chart.texts) <= timeline_chart.CHARACTERS
        assert max(len(text.text) for text in chart.texts if text.kind in timeline_chart.BOLD) <= (
            timeline_chart.BOLD_CHARACTERS
        )
        assert places[-1] < chart.bottom < chart.height
        marks = [mark.y for mark in chart.marks]
        assert min(after - before for before, after in pairwise(marks)) >= timeline_chart.LINE - 1e-6


def test_every_word_of_the_story_is_on_it() -> None:
    """What the text tells, the chart tells: no moment is left out."""
    each = story("normal")
    told = telling(each)
    words = " ".join(text.text for text in timeline_chart.chart(each).texts)
    for day in told.days:
        for said in day.moments:
            assert said.what in words


def test_closed_hours_are_shaded_by_each_lanes_own_calendar() -> None:
    """2.6: London's desk is closed over Friday night and from Saturday 13:00 on, the supplier all the week end."""
    each = story()
    chart = timeline_chart.chart(each)
    closed = {lane.name[0]: len(lane.closed) for lane in chart.lanes}
    assert closed == {"customer": 2, "agent": 2, "specialist": 2, "supplier": 1}
    assert [lane.place for lane in chart.lanes] == ["London", "London", "London", "Berlin"]
    for lane in chart.lanes:
        edges = [edge for band in lane.closed for edge in (band.y, band.y + band.height)]
        assert edges == sorted(edges)
        assert chart.top <= edges[0] <= edges[-1] <= chart.bottom


def test_a_story_that_ends_at_night_is_shaded_to_its_end() -> None:
    """3.4: what is closed when it ends stays so; a lane that never closes has no shade."""
    always = replace(LINES.tiers[2], calendar=ALWAYS)
    policy = replace(LINES, calendar=ALWAYS, tiers=(*LINES.tiers[:2], always))
    chart = timeline_chart.chart(timeline(policy, priority="urgent", at=OPENED_AT))
    customer, agent, _, supplier = chart.lanes
    assert (customer.closed, supplier.closed) == ((), ())
    (night,) = agent.closed
    assert night.y + night.height == chart.bottom


def test_each_clock_stands_in_the_lane_of_whose_it_is() -> None:
    """2.1 to 2.3: the customer's news and solution, a tier's acknowledge and resolve; how each ended is its look."""
    lanes = {lane.name[0]: [bar.state for bar in lane.bars] for lane in timeline_chart.chart(story()).lanes}
    assert lanes["agent"] == ["breached", "cancelled"]
    assert lanes["specialist"] == ["breached", "cancelled"]
    assert lanes["supplier"] == ["breached", "breached"]
    assert sorted(lanes["customer"]) == ["breached"] * 6 + ["running"]
    assert [len(bar.warned) for bar in timeline_chart.chart(story()).lanes[1].bars] == [1, 0]
    customers = timeline_chart.chart(story()).lanes[0].bars
    news = [bar for bar in customers if bar.x == min(each.x for each in customers)]
    assert [len(bar.warned) for bar in news] == [1, 1, 1, 1, 1, 0]


def test_a_wait_is_seen_to_stand_still() -> None:
    """2.7: the customer's clocks and the tier's resolve stand still from the question on, acknowledge was met."""
    lanes = {lane.name[0]: lane.bars for lane in timeline_chart.chart(asked_story()).lanes}
    assert [(bar.state, len(bar.paused)) for bar in lanes["agent"]] == [("met", 0), ("cancelled", 2)]
    paused = [bar for bar in lanes["customer"] if bar.paused]
    assert len(paused) == 2


def test_the_chart_is_a_document_by_itself() -> None:
    """Well-formed, titled and described, all words as text; in the reader's own fonts, light or dark."""
    text = timeline_page.chart(story())
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.findtext(f"{SVG}title") == "lines: urgent, opened on Friday 27 November 2026, 17:55"
    assert root.findtext(f"{SVG}desc")
    words = {element.text for element in root.iter(f"{SVG}text")}
    assert {"customer", "agent", "specialist", "supplier", "09:06:15", "Sat 28 Nov"} <= words
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_the_page_can_be_heard() -> None:
    """Its language, one heading above all, and the whole story as tables whose heads name rows and columns."""
    text = timeline_page.page(story())
    assert '<html lang="en">' in text
    assert text.count("<h1") == 1
    assert text.count("<h3>") == text.count("<table>") == len(telling(story()).days)
    assert text.count('<th scope="row">') == len(story().moments)


def test_nothing_is_fetched_and_nothing_is_run() -> None:
    """Self-contained: a wall has no network, and a page that is mailed around needs no script."""
    for text in (timeline_page.page(story()), timeline_page.chart(story())):
        assert not re.search(r"<script|<link|<img|@import|url\(|\bsrc=|\bhref=|\bon\w+=", text)
        assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}


def test_the_same_story_is_the_same_page() -> None:
    """Deterministic: what is committed beside a policy changes when the policy does."""
    assert timeline_page.page(story()) == timeline_page.page(story())


def test_names_are_words_and_no_markup() -> None:
    """A tier may be called what it likes."""
    data = to_data(LINES)
    tiers = [{**tier, "name": name} for tier, name in zip(data["tiers"], ("<b>&", "two", "three"), strict=True)]  # type: ignore[call-overload]  # a list of objects
    page = timeline_page.page(timeline(from_data({**data, "tiers": tiers}), priority="urgent", at=OPENED_AT))
    assert "<b>" not in page
    assert "is with &lt;b&gt;&amp;." in page


def test_a_long_quiet_story_has_no_heading_for_each_of_its_days() -> None:
    """A month and more of silence does not make a poster of empty dates."""
    far = timeline(ladder(), priority="normal", at=OPENED_AT)
    assert (far.until_at - far.opened_at).days > timeline_chart.MOST_DAYS
    assert len(timeline_chart.chart(far).headings) == len(telling(far).days)


LENGTHS = st.lists(st.tuples(st.integers(0, 10**7), st.floats(1, 300)), min_size=1, max_size=30)


@given(LENGTHS, st.integers(-(10**6), 10**8))
def test_the_scale_keeps_order_and_room(steps: Sequence[tuple[int, float]], second: int) -> None:
    """Later is never above earlier, each stop has its room, and nothing stands outside of the chart."""
    at, stops = OPENED_AT, []
    for seconds, height in steps:
        at += timedelta(seconds=seconds)
        stops.append(Stop(at=at, height=height))
    scale = Scale(stops, 100)
    for stop, (before, after) in zip(stops, pairwise((*scale.places, scale.bottom)), strict=True):
        assert after - before >= stop.height - 1e-6
    one, other = OPENED_AT + timedelta(seconds=second), OPENED_AT + timedelta(seconds=second + 60)
    assert 100 <= scale.place(one) <= scale.place(other) <= scale.bottom
