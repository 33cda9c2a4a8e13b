"""A policy as plain data: what a ticket's snapshot is made of, and what its version is the hash of (semantics 7.2).

The shape is written by hand, not derived: any later release must be able to read what an earlier one stored.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from workflows.domain.follow_the_sun import calendar_of
from workflows.domain.money import Money
from workflows.domain.policy import AtRisk, OnBreach, Policy, Targets, Tier
from workflows.domain.ticket.words import Audience, Target

Data = Mapping[str, Any]

_ON_BREACH_BEFORE_IT_WAS_STORED: dict[str, Any] = {
    "acknowledge": {"notify": [], "escalate_every": 1},
    "tier_resolve": {"notify": [], "escalate_every": 1},
    "update": {"notify": ["handler", "owner"], "escalate_every": 2},
    "resolve": {"notify": ["last_resort"], "escalate_every": 1},
    "promise": {"notify": ["owner", "lead"], "escalate_every": 0},
}
"""What followed a breach where a tier's data does not say: the defaults of the releases that left them out.

It is of that data, not of the policies of today, and never changes.
"""


_RATING_TELLS_LEAD = 2
_AT_RISK = AtRisk(period=timedelta(days=90), number=3)
"""What data means that does not say: never changed, though a later release may have other defaults."""

_MONEY = ("credit_for_promise", "credit_for_resolve", "credit_limit")


def version_of(policy: Policy) -> str:
    """16 hex characters of the SHA-256 of the policy's canonical JSON: the same content, the same version anywhere."""
    if "version" not in policy.memo:
        canonical = json.dumps(to_data(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        policy.memo["version"] = sha256(canonical.encode()).hexdigest()[:16]
    return policy.memo["version"]


def to_data(policy: Policy, *, with_names: bool = False) -> dict[str, object]:
    """Plain JSON data; lengths in whole seconds or fractions, priorities as a list since their order has a meaning.

    What closed dates are called is left out, unless it is for the way to another process: no version is a hash of it.
    """
    return {
        "name": policy.name,
        "calendar": policy.calendar.to_data(with_names=with_names),
        "priorities": list(policy.priorities),
        "resolve_seconds": {priority: _seconds(length) for priority, length in policy.resolve.items()},
        "tiers": [_tier_to_data(tier, with_names=with_names) for tier in policy.tiers],
        "lead": policy.lead,
        "last_resort": policy.last_resort,
        "remind_every_seconds": _seconds(policy.remind_every),
        "customer_reminders_seconds": [_seconds(length) for length in policy.customer_reminders],
        "give_up_seconds": _seconds(policy.give_up),
        "sign_off_seconds": _seconds(policy.sign_off),
        "reopen_window_seconds": _seconds(policy.reopen_window),
        "warn_at": list(policy.warn_at),
        "chases_to_escalate": policy.chases_to_escalate,
        "waiting_pauses": [target.value for target in Target if target in policy.waiting_pauses],
        **endings_to_data(policy),
    }


def endings_to_data(policy: Policy) -> dict[str, object]:
    """Plain data of what a policy says of ratings, credits, leaving and customers at risk (6.10, 6.13).

    Left out where it says nothing: such a table is the version that it was before there was any of it.
    """
    data: dict[str, object] = {}
    if policy.rating_tells_lead != _RATING_TELLS_LEAD:
        data["rating_tells_lead"] = policy.rating_tells_lead
    for field in _MONEY:
        money: Money | None = getattr(policy, field)
        if money is not None:
            data[field] = {"minor": money.minor, "currency": money.currency}
    if policy.leaving is not None:
        data["leaving"] = policy.leaving
    if policy.at_risk is None:
        data["at_risk"] = None
    elif policy.at_risk != _AT_RISK:
        data["at_risk"] = {"period_seconds": _seconds(policy.at_risk.period), "number": policy.at_risk.number}
    return data


def from_data(data: Data, version: str | None = None) -> Policy:
    """The policy that `to_data` was given. Not validated anew: a snapshot outlives the rules it was built under.

    It keeps the version that it was stored under, if that is told, however much more would be written today.
    """
    policy = Policy(
        name=data["name"],
        calendar=calendar_of(data["calendar"]),
        resolve={priority: _length(data["resolve_seconds"][priority]) for priority in data["priorities"]},
        tiers=tuple(_tier_from_data(tier) for tier in data["tiers"]),
        lead=data["lead"],
        last_resort=data["last_resort"],
        remind_every=_length(data["remind_every_seconds"]),
        customer_reminders=tuple(_length(seconds) for seconds in data["customer_reminders_seconds"]),
        give_up=_length(data["give_up_seconds"]),
        sign_off=_length(data["sign_off_seconds"]),
        reopen_window=_length(data["reopen_window_seconds"]),
        warn_at=tuple(data["warn_at"]),
        chases_to_escalate=data["chases_to_escalate"],
        waiting_pauses=tuple(Target(target) for target in data["waiting_pauses"]),
        rating_tells_lead=data.get("rating_tells_lead", _RATING_TELLS_LEAD),
        **{field: _money(data.get(field)) for field in _MONEY},
        leaving=data.get("leaving"),
        at_risk=_at_risk(data),
        is_snapshot=True,
    )
    if version is not None:
        policy.memo["version"] = version
    return policy


def _money(data: Data | None) -> Money | None:
    return None if data is None else Money(minor=data["minor"], currency=data["currency"])


def _at_risk(data: Data) -> AtRisk | None:
    if "at_risk" not in data:
        return _AT_RISK
    said = data["at_risk"]
    return None if said is None else AtRisk(period=_length(said["period_seconds"]), number=said["number"])


def _tier_to_data(tier: Tier, *, with_names: bool) -> dict[str, object]:
    return {
        "name": tier.name,
        "calendar": tier.calendar.to_data(with_names=with_names),
        "targets": {
            priority: {
                "acknowledge_seconds": _seconds(row.acknowledge),
                "update_every_seconds": _seconds(row.update_every),
                "resolve_seconds": _seconds(row.resolve),
            }
            for priority, row in tier.targets.items()
        },
        # Left out where there is none: a table that does not use it is the version that it always was.
        **({"skip_when_closed": sorted(tier.skip_when_closed)} if tier.skip_when_closed else {}),
        # All of them, the defaults too: what a later release has for a default changes no running ticket. Only that of
        # promises is left out: a table that does not use it is the version that it always was.
        "on_breach": {
            target.value: written
            for target, rule in tier.on_breach.items()
            if (written := _rule_to_data(rule)) != _ON_BREACH_BEFORE_IT_WAS_STORED[target]
            or target is not Target.PROMISE
        },
    }


def _rule_to_data(rule: OnBreach) -> dict[str, object]:
    return {"notify": [audience.value for audience in rule.notify], "escalate_every": rule.escalate_every}


def _tier_from_data(data: Data) -> Tier:
    return Tier(
        name=data["name"],
        calendar=calendar_of(data["calendar"]),
        targets={
            priority: Targets(
                acknowledge=_length(row["acknowledge_seconds"]),
                update_every=_length(row["update_every_seconds"]),
                resolve=_length(row["resolve_seconds"]),
            )
            for priority, row in data["targets"].items()
        },
        skip_when_closed=tuple(data.get("skip_when_closed", ())),
        on_breach={
            Target(target): OnBreach(
                notify=tuple(Audience(audience) for audience in rule["notify"]), escalate_every=rule["escalate_every"]
            )
            for target, rule in (_ON_BREACH_BEFORE_IT_WAS_STORED | data["on_breach"]).items()
        },
    )


def _seconds(length: timedelta) -> int | float:
    seconds = length.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def _length(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
