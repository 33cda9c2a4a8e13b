"""The metrics page: the record's figures, all label sets at zero from the start, no page while the record is away."""

import asyncio
import math
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from services.exporter import labels
from services.exporter.exporter import Exporter
from services.records import totals
from services.records.errors import RecordUnavailable
from services.records.figures import Figures
from services.settings import Address
from workflows.domain import ticket
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, Targets, Tier, hours, minutes
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.verdict import RULES_VERSION
from workflows.policies import PolicySet

LOOPBACK = Address("127.0.0.1", 0)
MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # Monday

office = Calendar("Europe/London", {"mon-fri": "09:00-17:00"})
row = Targets(acknowledge=hours(1), update_every=hours(2), resolve=hours(4))
fast = Targets(acknowledge=minutes(15), update_every=hours(2), resolve=hours(4))
lines = Policy(
    name="lines",
    calendar=office,
    resolve={"urgent": hours(8), "normal": hours(16)},
    tiers=(
        Tier(name="agent", calendar=office, targets={"urgent": fast, "normal": row}),
        Tier(name="engineer", calendar=office, targets={"urgent": row, "normal": row}),
    ),
    lead="lead",
    last_resort="duty",
)
TIMES = (
    "followthrough_time_to_acknowledge_seconds",
    "followthrough_time_to_tier_resolve_seconds",
    "followthrough_time_between_updates_seconds",
    "followthrough_time_to_resolve_seconds",
)
PROMISED = PolicySet(policies={"lines": lines}, queues={"home": "lines"})


class RecordOf:
    """A record that has these figures, or is away."""

    def __init__(self, figures: Figures | None) -> None:
        self._figures = figures

    async def figures(self) -> Figures:
        """Give them."""
        if self._figures is None:
            raise RecordUnavailable("the database is away")
        return self._figures


@asynccontextmanager
async def _serving(figures: Figures | None) -> AsyncIterator[int]:
    exporter = Exporter(RecordOf(figures), lambda: PROMISED)
    port = await exporter.start(LOOPBACK)
    try:
        yield port
    finally:
        await exporter.stop()


async def _get(port: int, request: str) -> tuple[str, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    try:
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    except ConnectionResetError:  # dropped with half of it unread
        head, body = "", ""
    writer.close()
    return head.split("\r\n")[0], body


async def _page(figures: Figures) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    async with _serving(figures) as port:
        status, body = await _get(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == "HTTP/1.1 200 OK"
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in _samples(body)}


def _samples(body: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(body):
        assert family.documentation, family.name
        yield from family.samples


def _le(labels: frozenset[tuple[str, str]]) -> Iterator[str]:
    yield from (value for name, value in labels if name == "le")


def _labels(**labels: str) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


async def test_tiers_that_an_older_release_counted_are_shown_without_their_reason() -> None:
    """It wrote down that one was passed by, and not why: no count falls while a release replaces another."""
    page = await _page(Figures(instant=MONDAY_NOON, totals={(totals.TIERS_SKIPPED_BEFORE, ("agent", "home")): 7}))

    shown = {labels: value for (name, labels), value in page.items() if "tiers_skipped" in name and value}
    assert shown == {_labels(tier="agent", reason="unknown", queue="home"): 7}


def test_every_kind_of_message_is_known() -> None:
    """The kinds are the rules' own, wherever they tell somebody: one that is new has its series from the start."""
    told = [
        re.findall(r'\.tell\(\s*\w+,\s*"(\w+)"', module.read_text(encoding="utf-8"))
        for module in Path(ticket.__file__).parent.glob("*.py")
    ]

    assert tuple(sorted({kind for kinds in told for kind in kinds})) == labels.MESSAGE_KINDS


async def test_every_label_set_is_there_at_zero_before_anything_happened() -> None:
    """A series born at one has no increase: the first breach of each kind must show."""
    page = await _page(Figures(instant=MONDAY_NOON))

    counted = {key: value for key, value in page.items() if key[0].endswith("_total")}
    assert set(counted.values()) == {0}
    names = [name for name, _ in counted]
    assert {name: names.count(name) for name in sorted(set(names))} == {
        "followthrough_chases_total": 8,  # 2 kinds, 2 tiers, 2 priorities
        "followthrough_clocks_breached_total": 20,  # 5 targets, 2 tiers, 2 priorities, 1 queue
        "followthrough_clocks_cancelled_total": 20,
        "followthrough_clocks_met_total": 20,
        "followthrough_clocks_reinstated_total": 16,  # a promise that is over stays so
        "followthrough_clocks_warned_total": 20,
        "followthrough_credits_offered_total": 3,  # by hand, for a promise, for a resolve
        "followthrough_customers_flagged_total": 1,
        "followthrough_escalations_total": 8,  # one step, 8 reasons
        "followthrough_exhaustions_total": 8,
        "followthrough_holds_total": 2,  # tiers
        "followthrough_imported_total": 1,
        "followthrough_leaving_total": 1,
        "followthrough_merged_total": 1,
        "followthrough_messages_possibly_sent_twice_total": 32,  # kinds of messages
        "followthrough_messages_rejected_total": 32,
        "followthrough_messages_sent_total": 32,
        "followthrough_ping_pongs_total": 2,
        "followthrough_ratings_total": 5,  # stars
        "followthrough_rejected_total": 1,
        "followthrough_rescued_total": 1,
        "followthrough_solved_by_article_total": 1,
        "followthrough_tickets_closed_total": 12,  # 6 outcomes, 2 priorities
        "followthrough_tickets_opened_total": 2,
        "followthrough_tickets_reopened_total": 2,
        "followthrough_tiers_skipped_total": 2,  # closed or empty; the last never is
        "followthrough_transfers_total": 2,  # there and back
    }
    breached = _labels(target="acknowledge", tier="agent", priority="urgent", queue="home")
    assert page["followthrough_clocks_breached_total", breached] == 0
    assert page["followthrough_breach_lag_seconds_count", _labels()] == 0
    waiting = _labels(queue="home", tier="agent", priority="normal", status="waiting_on_customer")
    assert page["followthrough_open_tickets", waiting] == 0
    assert page["followthrough_overdue_tickets", _labels(queue="home", tier="engineer", priority="urgent")] == 0
    assert page["followthrough_at_risk_tickets", _labels(queue="home", tier="engineer", priority="urgent")] == 0


async def test_the_page_says_what_the_record_says() -> None:
    """Every figure is the record's own, under its labels; nothing is counted by the exporter."""
    breached = ("acknowledge", "agent", "urgent", "home")
    figures = Figures(
        instant=MONDAY_NOON,
        totals={
            (totals.OPENED, ("urgent", "home")): 41,
            (totals.CLOSED, ("fixed", "urgent", "home")): 30,
            (totals.CLOCKS_MET, ("resolve", "engineer", "urgent", "home")): 29,
            (totals.CLOCKS_BREACHED, breached): 5,
            (totals.ESCALATIONS, ("agent", "engineer", "acknowledge_breached", "home")): 5,
            (totals.EXHAUSTIONS, ("engineer", "by_hand", "home")): 1,
            (totals.TIERS_PASSED_BY, ("agent", "empty", "home")): 3,
            (totals.RESCUED, ()): 2,
        },
        open_tickets={("home", "agent", "urgent", "open"): 11},
        at_risk_tickets={("home", "agent", "urgent"): 8},
        overdue_tickets={("home", "agent", "urgent"): 3},
        next_deadline_at=datetime(2026, 11, 23, 11, 59, 30, tzinfo=UTC),
        next_wake_at=datetime(2026, 11, 23, 11, 59, 31, tzinfo=UTC),
        late_tickets=4,
        stuck_tickets=1,
        answered_waits=12,
        owed_nudges=6,
        pending_messages=7,
        problems={("fault", "known"): 12},
        announcements={("running",): 9},
        announcement_tickets={("fix", "told"): 10},
        announcement_stuck_tickets=13,
        queue_closures={("home",): 14},
        awaited_credits=15,
        oldest_awaited_credit_at=datetime(2026, 11, 22, 11, 59, 32, tzinfo=UTC),
    )

    page = await _page(figures)

    assert {name: page[name, labels] for name, labels in page if page[name, labels] and "bucket" not in name} == {
        "followthrough_tickets_opened_total": 41,
        "followthrough_tickets_closed_total": 30,
        "followthrough_clocks_met_total": 29,
        "followthrough_clocks_breached_total": 5,
        "followthrough_escalations_total": 5,
        "followthrough_exhaustions_total": 1,
        "followthrough_tiers_skipped_total": 3,
        "followthrough_rescued_total": 2,
        "followthrough_open_tickets": 11,
        "followthrough_at_risk_tickets": 8,
        "followthrough_overdue_tickets": 3,
        "followthrough_late_tickets": 4,
        "followthrough_stuck_tickets": 1,
        "followthrough_answered_waits": 12,
        "followthrough_owed_nudges": 6,
        "followthrough_pending_messages": 7,
        "followthrough_problems": 12,
        "followthrough_announcements": 9,
        "followthrough_announcement_tickets": 10,
        "followthrough_announcement_stuck_tickets": 13,
        "followthrough_queue_closures": 14,
        "followthrough_awaited_credits": 15,
        "followthrough_oldest_awaited_credit_timestamp_seconds": 1795348772,
        "followthrough_record_timestamp_seconds": 1795435200,
        "followthrough_oldest_unmet_deadline_timestamp_seconds": 1795435170,
        "followthrough_next_wake_timestamp_seconds": 1795435171,
        "followthrough_build_info": 1,
        "followthrough_policy_info": 1,
    }
    labels = _labels(target="acknowledge", tier="agent", priority="urgent", queue="home")
    assert page["followthrough_clocks_breached_total", labels] == 5
    step = _labels(from_tier="agent", to_tier="engineer", reason="acknowledge_breached", queue="home")
    assert page["followthrough_escalations_total", step] == 5


async def test_the_lag_histogram_cumulates_what_the_record_keeps_by_bucket() -> None:
    """Bounds of an earlier release keep their observations, so that the count never falls."""
    figures = Figures(
        instant=MONDAY_NOON,
        totals={
            (totals.BREACH_LAG_BUCKET, ("0.1",)): 6,
            (totals.BREACH_LAG_BUCKET, ("0.2",)): 1,  # no bound any more
            (totals.BREACH_LAG_BUCKET, ("60",)): 2,
            (totals.BREACH_LAG_BUCKET, ("+Inf",)): 1,
            (totals.BREACH_LAG_MICROSECONDS, ()): 4_000_500_000,
        },
    )

    page = await _page(figures)

    buckets = {
        float(dict(labels)["le"]): value
        for (name, labels), value in page.items()
        if name == "followthrough_breach_lag_seconds_bucket"
    }
    assert buckets[0.05] == 0
    assert buckets[0.1] == 6
    assert buckets[0.2] == 7
    assert buckets[30] == 7
    assert buckets[60] == 9
    assert buckets[3600] == 9
    assert buckets[math.inf] == 10
    assert page["followthrough_breach_lag_seconds_count", _labels()] == 10
    assert page["followthrough_breach_lag_seconds_sum", _labels()] == 4000.5


async def test_times_have_a_bucket_at_each_promise_from_the_start() -> None:
    """`le` at a promised target says exactly what was kept, so it is there before anything is; a metric a target."""
    page = await _page(Figures(instant=MONDAY_NOON))

    assert {
        name: sorted(float(value) for key, labels in page if key == f"{name}_bucket" for value in _le(labels))
        for name in TIMES
    } == {
        "followthrough_time_to_acknowledge_seconds": [900.0] * 4
        + [3600.0] * 4
        + [math.inf] * 4,  # 2 tiers, 2 priorities
        "followthrough_time_to_tier_resolve_seconds": [14400.0] * 4 + [math.inf] * 4,
        "followthrough_time_between_updates_seconds": [7200.0] * 4 + [math.inf] * 4,
        "followthrough_time_to_resolve_seconds": [28800.0] * 4 + [57600.0] * 4 + [math.inf] * 4,
    }
    assert {page[name, labels] for name, labels in page if name.startswith(tuple(TIMES))} == {0}


async def test_times_are_cumulated_from_what_the_record_keeps_by_bucket() -> None:
    """What broke its promise is in no bucket but the last; a bound of an earlier policy keeps what it counted."""
    urgent = ("acknowledge", "agent", "urgent", "home")
    figures = Figures(
        instant=MONDAY_NOON,
        totals={
            (totals.TIME_TO_BUCKET, (*urgent, "600.0")): 2,  # promised by the policy of the year before
            (totals.TIME_TO_BUCKET, (*urgent, "900.0")): 30,
            (totals.TIME_TO_BUCKET, (*urgent, "+Inf")): 4,
            (totals.TIME_TO_MICROSECONDS, urgent): 12_345_678_000,
        },
    )

    page = await _page(figures)

    agent = {"tier": "agent", "priority": "urgent", "queue": "home"}
    name = "followthrough_time_to_acknowledge_seconds"
    assert [page[f"{name}_bucket", _labels(**agent, le=le)] for le in ("600.0", "900.0", "3600.0", "+Inf")] == [
        2,
        32,
        32,
        36,
    ]
    assert page[f"{name}_count", _labels(**agent)] == 36
    assert page[f"{name}_sum", _labels(**agent)] == 12345.678
    others = {"tier": "engineer", "priority": "normal", "queue": "home"}
    assert page[f"{name}_bucket", _labels(**others, le="600.0")] == 0


async def test_the_page_says_what_runs_and_by_which_policies() -> None:
    """When figures change, what was deployed stands beside them."""
    page = await _page(Figures(instant=MONDAY_NOON))

    (build,) = (dict(labels) for name, labels in page if name == "followthrough_build_info")
    assert build == {"version": version("followthrough"), "rules_version": str(RULES_VERSION)}
    (policy,) = (dict(labels) for name, labels in page if name == "followthrough_policy_info")
    assert policy == {"policy": "lines", "version": version_of(lines)}


async def test_what_no_loaded_policy_knows_is_shown_all_the_same() -> None:
    """A ticket of a policy that was edited since still counts."""
    figures = Figures(
        instant=MONDAY_NOON,
        totals={(totals.OPENED, ("whenever", "closed-desk")): 3},
        open_tickets={("closed-desk", "wizard", "whenever", "open"): 3},
    )

    page = await _page(figures)

    assert page["followthrough_tickets_opened_total", _labels(priority="whenever", queue="closed-desk")] == 3
    still = _labels(queue="closed-desk", tier="wizard", priority="whenever", status="open")
    assert page["followthrough_open_tickets", still] == 3


async def test_no_deadline_is_absent_rather_than_long_ago() -> None:
    """An alert on the oldest unmet deadline must not take nothing for the year 1970."""
    page = await _page(Figures(instant=MONDAY_NOON))

    assert not [name for name, _ in page if name.startswith(("followthrough_oldest", "followthrough_next"))]


async def test_a_scrape_fails_while_the_record_is_away() -> None:
    """No page is better than yesterday's; the process itself is well."""
    async with _serving(None) as port:
        scraped, body = await _get(port, "GET /metrics HTTP/1.1\r\n\r\n")
        alive, _ = await _get(port, "GET /healthz HTTP/1.1\r\n\r\n")

    assert scraped == "HTTP/1.1 503 Service Unavailable"
    assert body == "the record does not answer\n"
    assert alive == "HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found"),
        ("POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"),
        ("GET /metrics?x=1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK"),
        ("GET /metrics HTTP/1.1\r\n" + "a" * 20_000, ""),
        ("nonsense\r\n\r\n", "HTTP/1.1 404 Not Found"),
    ],
)
async def test_other_requests_are_answered_plainly_or_dropped(request_: str, status: str) -> None:
    """Whatever is sent, the next scrape is served."""
    async with _serving(Figures(instant=MONDAY_NOON)) as port:
        answered, _ = await _get(port, request_)
        afterwards, _ = await _get(port, "GET /metrics HTTP/1.1\r\n\r\n")

    assert answered == status
    assert afterwards == "HTTP/1.1 200 OK"


async def test_prometheus_gets_its_own_format_when_it_asks_for_it() -> None:
    """OpenMetrics ends with a mark, so that a page cut short is noticed."""
    async with _serving(Figures(instant=MONDAY_NOON)) as port:
        _, body = await _get(
            port, "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text;version=1.0.0\r\n\r\n"
        )

    assert body.endswith("# EOF\n")
