"""Timelines, tables and differences as plain JSON data, for programs. Instants are ISO, in UTC and by local clocks."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from workflows.domain.policy_data import version_of
from workflows.domain.zones import zone
from workflows.planning.differences import Change, of_endings, of_stories
from workflows.planning.moments import Deadline, Moment, Timeline
from workflows.planning.other_days import OtherDays
from workflows.planning.table import Row

Data = Mapping[str, object]


def row_data(row: Row) -> Data:
    """One promise of a policy's table."""
    return {"subject": row.subject, "what": row.what, "of": row.of, "value": row.value}


def timeline_data(timeline: Timeline) -> Data:
    """A whole story; everything that its text says, and the clock runs beside it."""
    return {
        "policy": timeline.policy.name,
        "version": version_of(timeline.policy),
        "priority": timeline.priority,
        "opened_at": timeline.opened_at.isoformat(),
        "customer_zone": timeline.customer_zone,
        "moments": [moment_data(moment, timeline) for moment in timeline.moments],
        "stays": [
            {"tier": stay.tier, "from_at": stay.from_at.isoformat(), "until_at": _iso(stay.until_at)}
            for stay in timeline.stays
        ],
        "clocks": [
            {
                "target": line.target.value,
                "run": line.run,
                "tier": line.tier,
                "state": line.state.value,
                "started_at": line.started_at.isoformat(),
                "length_seconds": line.length.total_seconds(),
                "spent_seconds": line.spent.total_seconds(),
                "deadline_at": _iso(line.deadline_at),
            }
            for line in timeline.clocks
        ],
        "ending": {
            "end": timeline.ending.end.value,
            "text": timeline.ending.text,
            "running": [_deadline(deadline) for deadline in timeline.ending.running],
        },
    }


def other_days_data(desk: OtherDays) -> Data:
    """One desk's dates of a year."""
    return {
        "of": list(desk.of),
        "zone": desk.zone,
        "dates": [{"date": each.day.isoformat(), "hours": each.hours, "name": each.name} for each in desk.days],
    }


def table_changes_data(changes: Iterable[Change[Row]]) -> list[Data]:
    """What differs between two tables."""
    return [
        {
            "subject": row.subject,
            "what": row.what,
            "of": row.of,
            "before": change.before.value if change.before else None,
            "after": change.after.value if change.after else None,
        }
        for change in changes
        if (row := change.after or change.before)
    ]


def story_changes_data(before: Timeline, after: Timeline) -> Data:
    """What differs between two stories."""
    ending = of_endings(before, after)
    return {
        "priority": after.priority,
        "opened_at": after.opened_at.isoformat(),
        "moments": [
            {
                "before": moment_data(change.before, before) if change.before else None,
                "after": moment_data(change.after, after) if change.after else None,
            }
            for change in of_stories(before, after)
        ],
        "ending": {"before": ending.before, "after": ending.after} if ending else None,
    }


def moment_data(moment: Moment, timeline: Timeline) -> Data:
    """One moment of a story."""
    tiers_zone = timeline.policy.tier(moment.tier).calendar.zone
    return {
        "at": moment.at.isoformat(),
        "customers_time": _local(moment.at, timeline.customer_zone),
        "tiers_time": _local(moment.at, tiers_zone),
        "kind": moment.kind,
        "about": moment.words.about,
        "tier": moment.tier,
        "what": moment.words.what,
        "why": moment.words.why,
        "rule": moment.words.rule,
        "told": [{"recipient": each.recipient, "audiences": list(each.audiences)} for each in moment.told],
        "deadlines": [_deadline(deadline) for deadline in moment.deadlines],
    }


def _deadline(deadline: Deadline) -> Data:
    return {"target": deadline.target.value, "tier": deadline.tier, "at": deadline.at.isoformat()}


def _local(at: datetime, name: str) -> str:
    return at.astimezone(zone(name)).isoformat()


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
