"""The engine, for those who run it: whether every deadline is judged on time, and what keeps it so."""

from deploy.grafana.figures import Board, Figure, Query, Row, Shape, once

_RATE = "[$__rate_interval]"


def _rate(name: str, by: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} (rate({name}{_RATE}))"


def _quantiles(buckets: str) -> tuple[Query, ...]:
    return tuple(
        Query(expr=f"histogram_quantile({share}, {_rate(buckets, 'le')})", legend=f"p{share * 100:g}")
        for share in (0.5, 0.99)
    )


def _past(name: str) -> str:
    """Seconds since an instant of the record's; 0 while there is none, nothing while nobody knows."""
    now = once("record_timestamp_seconds")
    return f"({now} - {once(name)}) or {now} * 0"


_ON_TIME = Row(
    title="Is every deadline judged on time?",
    figures=(
        Figure(
            title="Oldest deadline not judged",
            description="How long ago the oldest deadline passed that was neither met nor breached. 0 while none is.",
            unit="s",
            width=8,
            red_from=60,
            queries=(
                Query(expr=f"clamp_min({_past('oldest_unmet_deadline_timestamp_seconds')}, 0)", legend="past since"),
            ),
        ),
        Figure(
            title="Lag of breaches",
            description="Detection less deadline, of the breaches that were detected in the interval. A ticket's own "
            "timer takes milliseconds, the keeper its grace of two seconds.",
            unit="s",
            width=8,
            nothing="no breach",
            queries=_quantiles(once("breach_lag_seconds_bucket")),
        ),
        Figure(
            title="Detected within five seconds",
            description="Share of the breaches of the last half hour that were detected within five seconds.",
            unit="percentunit",
            width=8,
            red_below=0.99,
            queries=(
                Query(
                    expr="sum(increase({}[30m])) / sum(increase({}[30m]))".format(
                        once("breach_lag_seconds_bucket", 'le="5.0"'), once("breach_lag_seconds_count")
                    ),
                    legend="within 5 s",
                ),
            ),
        ),
        Figure(
            title="What fell through",
            description="Tickets whose wake-up is past, those that the rules cannot judge, those that wait on a "
            "customer who has answered, and wake-ups that Temporal does not know of. Late and owed rise in a storm; "
            "stuck and answered are never well.",
            unit="short",
            width=12,
            queries=(
                Query(expr=once("late_tickets"), legend="late"),
                Query(expr=once("stuck_tickets"), legend="stuck"),
                Query(expr=once("answered_waits"), legend="answered, and waited for"),
                Query(expr=once("owed_nudges"), legend="owed nudges"),
            ),
        ),
        Figure(
            title="Rescued by the keeper",
            description="Tickets a second that the keeper settled in place of their own timers. Fine in a storm; a "
            "habit needs a look: see docs/runbooks/rescue-is-a-habit.md.",
            unit="ops",
            width=12,
            queries=(Query(expr=_rate(once("rescued_total")), legend="rescued"),),
        ),
    ),
)

_KEEPER = Row(
    title="Keeper and nudges",
    figures=(
        Figure(
            title="Keeper's rounds",
            description="Rounds a second, by what they look for.",
            unit="ops",
            width=6,
            queries=(Query(expr=_rate("followthrough_keeper_rounds_total", "round"), legend="{{round}}"),),
        ),
        Figure(
            title="Keeper's rounds that failed",
            description="Rounds a second that came to nothing: the record did not answer, or worse.",
            unit="ops",
            width=6,
            queries=(Query(expr=_rate("followthrough_keeper_round_failures_total", "round"), legend="{{round}}"),),
        ),
        Figure(
            title="Nudges",
            description="Wake-ups that Temporal was told of, by kind, and those that were spared, dropped for want of "
            "room (the keeper finds them) or failed.",
            unit="ops",
            width=6,
            queries=(
                Query(expr=_rate("followthrough_nudger_sent_total", "kind"), legend="sent: {{kind}}"),
                Query(expr=_rate("followthrough_nudger_coalesced_total"), legend="coalesced"),
                Query(expr=_rate("followthrough_nudger_dropped_total"), legend="dropped"),
                Query(expr=_rate("followthrough_nudger_failures_total"), legend="failed"),
            ),
        ),
        Figure(
            title="Nudges in hand",
            description="Nudges that wait to be sent, and processes that find Temporal away.",
            unit="short",
            width=6,
            queries=(
                Query(expr="sum(followthrough_nudger_waiting)", legend="waiting"),
                Query(expr="sum(followthrough_nudger_temporal_away)", legend="Temporal away"),
            ),
        ),
    ),
)

_WORKER = Row(
    title="Timers: Temporal and its workers",
    figures=(
        Figure(
            title="Pollers",
            description="Calls of workers that wait for work, by kind. Without workflow_task nobody hears a timer.",
            unit="short",
            width=8,
            queries=(Query(expr="sum by (poller_type) (temporal_num_pollers)", legend="{{poller_type}}"),),
        ),
        Figure(
            title="Free slots",
            description="Tasks that the workers could take on at once besides what they have in hand.",
            unit="short",
            width=8,
            queries=(
                Query(
                    expr="sum by (worker_type) (temporal_worker_task_slots_available)",
                    legend="{{worker_type}}",
                ),
            ),
        ),
        Figure(
            title="Workflows in the cache",
            description="Tickets whose workflow a worker holds in memory: about 48 MB a thousand.",
            unit="short",
            width=8,
            queries=(Query(expr="sum(temporal_sticky_cache_size)", legend="cached"),),
        ),
        Figure(
            title="Timer to worker",
            description="How long a workflow task lay in Temporal before a worker took it.",
            unit="s",
            width=8,
            queries=_quantiles("temporal_workflow_task_schedule_to_start_latency_seconds_bucket"),
        ),
        Figure(
            title="Settling in a workflow",
            description="How long the local activity takes that settles a ticket in the record.",
            unit="s",
            width=8,
            queries=_quantiles("temporal_local_activity_execution_latency_seconds_bucket"),
        ),
        Figure(
            title="Requests to Temporal that failed",
            description="Requests a second that Temporal did not answer, or refused, by operation.",
            unit="reqps",
            width=8,
            queries=(
                Query(
                    expr=f"{_rate('temporal_request_failure_total', 'operation')}"
                    f" or {_rate('temporal_request_total', 'operation')} * 0",
                    legend="{{operation}}",
                ),
            ),
        ),
    ),
)

_INTAKE = Row(
    title="Intake",
    figures=(
        Figure(
            title="Calls",
            description="Calls a second, by method.",
            unit="reqps",
            width=6,
            queries=(Query(expr=f"{_rate('grpc_server_started_total', 'grpc_method')} > 0", legend="{{grpc_method}}"),),
        ),
        Figure(
            title="Answers",
            description="Answers a second, by code.",
            unit="reqps",
            width=6,
            queries=(Query(expr=f"{_rate('grpc_server_handled_total', 'grpc_code')} > 0", legend="{{grpc_code}}"),),
        ),
        Figure(
            title="Not served",
            description="Share of the calls that failed for reasons that are not the caller's, over an hour.",
            unit="percentunit",
            width=6,
            red_from=0.0144,
            nothing="no call",
            queries=(Query(expr="job:grpc_server_failures:ratio_rate1h", legend="failed"),),
        ),
        Figure(
            title="Duration",
            description="How long calls with one answer take, of all methods.",
            unit="s",
            width=6,
            queries=_quantiles('grpc_server_handling_seconds_bucket{grpc_type="unary"}'),
        ),
    ),
)

_DELIVERY = Row(
    title="Telling people",
    figures=(
        Figure(
            title="Messages sent",
            description="Messages a second that were sent, by what they tell of.",
            unit="ops",
            width=6,
            queries=(Query(expr=f"{_rate(once('messages_sent_total'), 'kind')} > 0", legend="{{kind}}"),),
        ),
        Figure(
            title="What became of tries",
            description="Tries of delivery a second, by outcome; what was let go of is another's to send.",
            unit="ops",
            width=6,
            queries=(Query(expr=_rate("followthrough_delivery_messages_total", "outcome"), legend="{{outcome}}"),),
        ),
        Figure(
            title="In other words than the desk's",
            description="Messages a second whose template failed: told in the words that ship, or as bare news. See "
            "docs/runbooks/templates-failing.md.",
            unit="ops",
            width=4,
            queries=(Query(expr=_rate("followthrough_words_failures_total", "told"), legend="{{told}}"),),
        ),
        Figure(
            title="Oldest message not sent",
            description="How long ago the message was recorded that has waited longest. 0 while none waits.",
            unit="s",
            width=4,
            red_from=300,
            queries=(Query(expr=_past("oldest_pending_message_timestamp_seconds"), legend="waits"),),
        ),
        Figure(
            title="Messages not sent",
            description="Messages that nobody has sent yet.",
            unit="short",
            width=4,
            queries=(Query(expr=once("pending_messages"), legend="pending"),),
        ),
    ),
)

_ROSTER = Row(
    title="Who is on duty",
    figures=(
        Figure(
            title="On duty",
            description="People whom the roster's last answer names: a tier with nobody is passed by.",
            unit="short",
            shape=Shape.BARS,
            width=8,
            queries=(
                Query(expr="max by (policy, tier) (followthrough_roster_on_duty)", legend="{{policy}} · {{tier}}"),
            ),
        ),
        Figure(
            title="Since the roster answered",
            description="How long ago each roster last said who is on duty; it is asked each half minute. Its last "
            "answer holds: see docs/runbooks/roster-silent.md.",
            unit="s",
            width=8,
            red_from=150,
            queries=(
                Query(
                    expr="time() - max by (policy, tier) (followthrough_roster_last_answer_timestamp_seconds)",
                    legend="{{policy}} · {{tier}}",
                ),
            ),
        ),
        Figure(
            title="Rosters asked",
            description="Times a second that all rosters were asked, that nothing could be kept of it, that somebody "
            "else was on duty than before, and that a roster gave no answer.",
            unit="ops",
            width=8,
            queries=(
                Query(expr=_rate("followthrough_roster_rounds_total"), legend="asked"),
                Query(expr=_rate("followthrough_roster_round_failures_total"), legend="nothing kept"),
                Query(expr=_rate("followthrough_roster_changes_total"), legend="changed"),
                Query(expr=_rate("followthrough_roster_failures_total"), legend="no answer"),
            ),
        ),
    ),
)

_PROCESSES = Row(
    title="Processes",
    figures=(
        Figure(
            title="Answer a scrape",
            description="Processes that answer, by job.",
            unit="short",
            shape=Shape.BARS,
            width=6,
            red_below=1,
            queries=(
                Query(
                    expr='sum by (job) (up{job=~"followthrough|intake|worker|keeper|delivery|roster"})',
                    legend="{{job}}",
                ),
            ),
        ),
        Figure(
            title="Cost of a scrape",
            description="How long the exporter takes to read the record.",
            unit="s",
            width=6,
            queries=(Query(expr='max(scrape_duration_seconds{job="followthrough"})', legend="exporter"),),
        ),
        Figure(
            title="Processor",
            description="Processor time a second, by job and process.",
            unit="short",
            width=6,
            queries=(Query(expr=f"rate(process_cpu_seconds_total{_RATE})", legend="{{job}} {{instance}}"),),
        ),
        Figure(
            title="Memory",
            description="Resident memory, by job and process.",
            unit="bytes",
            width=6,
            queries=(Query(expr="process_resident_memory_bytes", legend="{{job}} {{instance}}"),),
        ),
        Figure(
            title="Releases",
            description="Processes by the release that they run; two at once only while one replaces the other.",
            unit="short",
            shape=Shape.BARS,
            width=12,
            queries=(
                Query(
                    expr="count by (job, version, rules_version) (followthrough_build_info)",
                    legend="{{job}} {{version}}, rules {{rules_version}}",
                ),
            ),
        ),
        Figure(
            title="Policies",
            description="Policies that are in force, by the version that the exporter has loaded.",
            unit="short",
            shape=Shape.BARS,
            width=12,
            queries=(
                Query(expr="count by (policy, version) (followthrough_policy_info)", legend="{{policy}} {{version}}"),
            ),
        ),
    ),
)

ENGINE = Board(
    uid="followthrough-engine",
    title="Followthrough: the engine",
    description="Whether every deadline is judged on time, and what keeps it so.",
    refresh="15s",
    time_from="now-3h",
    rows=(_ON_TIME, _KEEPER, _WORKER, _INTAKE, _DELIVERY, _ROSTER, _PROCESSES),
)
