"""A broadband provider: first line, line specialists, and the network supplier, who keeps his own hours in Germany.

The whole promise stands here, what is the default anywhere else too; docs/policy.md says what each field promises.
"""

from datetime import timedelta

from workflows.closed_dates.public_holidays import public_holidays
from workflows.domain.calendar import Calendar
from workflows.domain.policy import AtRisk, Money, OnBreach, Policy, Targets, Tier, hours, minutes
from workflows.domain.ticket.words import Audience, Target
from workflows.planning.publication import Channel, Publication

URGENT, HIGH, NORMAL = "urgent", "high", "normal"

# Whoever adds a year sees what it adds with `followthrough policy diff`.
YEARS = (2026, 2027, 2028)

office = Calendar(
    "Europe/London",
    {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"},
    closed=public_holidays("GB-ENG", years=YEARS),
)
supplier_desk = Calendar(
    "Europe/Berlin",
    {"mon-thu": "08:00-16:00", "fri": "08:00-13:00"},
    closed=public_holidays("DE-BE", years=YEARS),
)

missed = {
    # Nobody took it on in time, or the tier ran out of its own time: it goes one tier up.
    Target.ACKNOWLEDGE: OnBreach(escalate_every=1),
    Target.TIER_RESOLVE: OnBreach(escalate_every=1),
    # The customer heard nothing in time: handler and owner are told, and every second time it goes one tier up.
    Target.UPDATE: OnBreach(notify=(Audience.HANDLER, Audience.OWNER), escalate_every=2),
    # The customer's own resolve target is broken: the last resort is told, and it goes one tier up.
    Target.RESOLVE: OnBreach(notify=(Audience.LAST_RESORT,), escalate_every=1),
}

policy = Policy(
    name="broadband",
    calendar=office,  # of the customer's clocks, and of every length below but reopen_window
    # What the customer is promised; the priorities, most urgent first.
    resolve={URGENT: hours(8), HIGH: hours(16), NORMAL: hours(27)},
    # The ladder, bottom up. A tier's targets count in its calendar; update_every is the customer's, in the policy's.
    tiers=(
        Tier(
            name="agent",
            calendar=office,
            targets={
                URGENT: Targets(acknowledge=minutes(15), update_every=hours(1), resolve=hours(2)),
                HIGH: Targets(acknowledge=hours(1), update_every=hours(2), resolve=hours(4)),
                NORMAL: Targets(acknowledge=hours(3), update_every=hours(4), resolve=hours(9)),
            },
            on_breach=missed,
        ),
        Tier(
            name="specialist",
            calendar=office,
            targets={
                URGENT: Targets(acknowledge=minutes(30), update_every=hours(1), resolve=hours(3)),
                HIGH: Targets(acknowledge=hours(2), update_every=hours(3), resolve=hours(6)),
                NORMAL: Targets(acknowledge=hours(4), update_every=hours(6), resolve=hours(12)),
            },
            on_breach=missed,
        ),
        Tier(
            name="supplier",
            calendar=supplier_desk,
            targets={
                URGENT: Targets(acknowledge=hours(1), update_every=hours(2), resolve=hours(6)),
                HIGH: Targets(acknowledge=hours(3), update_every=hours(4), resolve=hours(8)),
                NORMAL: Targets(acknowledge=hours(6), update_every=hours(9), resolve=hours(16)),
            },
            on_breach=missed,
        ),
    ),
    lead="team-lead",
    last_resort="duty-manager",
    # The ladder has ended: the last resort is told, and told again so often until somebody acknowledges.
    remind_every=hours(1),
    # A question to the customer: reminded so long after it, then resolved as no_response.
    customer_reminders=(hours(9), hours(18)),
    give_up=hours(36),
    # Resolved, and the customer says nothing for so long: closed.
    sign_off=hours(27),
    # Closed: the customer can have it reopened for so long, by the clock on the wall. After that it is a new ticket.
    reopen_window=timedelta(days=14),
    # A warning when so much of any target is spent.
    warn_at=(0.75,),
    # The customer asks for news so often without getting any further: it goes one tier up.
    chases_to_escalate=2,
    # What stands still while the customer is waited for. Acknowledge is not among them.
    waiting_pauses=(Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE),
    # What the customer is given, unasked, when one of us does not call as promised, and when it is not solved in time.
    credit_for_promise=Money(minor=500, currency="GBP"),
    credit_for_resolve=Money(minor=1000, currency="GBP"),
    # By hand the desk may offer so much on one ticket; of more the lead decides.
    credit_limit=Money(minor=2000, currency="GBP"),
    # A request to leave has the targets of this priority, and nothing holds it up.
    leaving=HIGH,
    # The customer rates it so low or lower: the lead hears of it.
    rating_tells_lead=2,
    # So many broken promises, chases and low ratings of one customer within the period: the lead hears of it.
    at_risk=AtRisk(period=timedelta(days=90), number=3),
)

queues = ("home", "business")
"""The desks that work by this policy."""

# What stands on the page for customers besides the table: `followthrough policy publish broadband`.
published = Publication(
    provider="Example Broadband",
    introduction="How fast we answer, how fast we mend your line, and what happens by itself when we do not.",
    channels=(
        Channel(name="phone", address="0800 000 0000", cost="free from every network"),
        Channel(name="chat", address="broadband.example/chat", cost="free"),
        Channel(name="e-mail", address="help@broadband.example", cost="free"),
    ),
    priorities={
        URGENT: "nothing works, or a business cannot work",
        HIGH: "it works, and badly: slow, or with breaks",
        NORMAL: "everything else: questions, bills, moving house",
    },
    tiers={
        "agent": "the people who answer you, and who stay yours until it is solved",
        "specialist": "engineers for lines and routers",
        "supplier": "the company that owns the cable in your street; it keeps its own hours",
    },
    complaints=(
        "Write to complaints@broadband.example, or ask whoever answers you for the team lead. You get an answer within"
        " two working days.\n\nIf we do not agree within eight weeks you can go to an independent ombudsman, free."
    ),
    refunds=(
        "For each full day without a line after the promised time you get back a day's fee, with the next bill. You do"
        " not have to ask for it."
    ),
    also=(
        Publication(
            language="de",
            title="Was wir versprechen",
            provider="Example Broadband",
            introduction=(
                "Wie schnell wir antworten, wie schnell Ihr Anschluss wieder geht, und was von selbst geschieht, wenn"
                " nicht."
            ),
            channels=(
                Channel(name="Telefon", address="0800 000 0000", cost="kostenlos aus jedem Netz"),
                Channel(name="Chat", address="broadband.example/chat", cost="kostenlos"),
                Channel(name="E-Mail", address="help@broadband.example", cost="kostenlos"),
            ),
            names={
                URGENT: "dringend",
                HIGH: "hoch",
                "agent": "Kundendienst",
                "specialist": "Fachleute",
                "supplier": "Netzbetreiber",
            },
            priorities={
                URGENT: "nichts geht mehr, oder ein Betrieb kann nicht arbeiten",
                HIGH: "es geht, aber schlecht: langsam oder mit Unterbrechungen",
                NORMAL: "alles andere: Fragen, Rechnungen, Umzug",
            },
            tiers={
                "agent": "wer Ihnen antwortet und für Sie da bleibt, bis es gelöst ist",
                "specialist": "Technikerinnen und Techniker für Leitungen und Router",
                "supplier": "die Firma, der das Kabel in Ihrer Straße gehört; sie hat eigene Zeiten",
            },
            complaints=(
                "Schreiben Sie an complaints@broadband.example, oder verlangen Sie die Teamleitung. Sie bekommen"
                " innerhalb von zwei Arbeitstagen eine Antwort.\n\nWerden wir uns in acht Wochen nicht einig, können"
                " Sie sich kostenlos an eine unabhängige Schlichtungsstelle wenden."
            ),
            refunds=(
                "Für jeden vollen Tag ohne Anschluss nach der versprochenen Zeit bekommen Sie mit der nächsten Rechnung"
                " die Gebühr eines Tages zurück. Sie müssen nicht darum bitten."
            ),
        ),
    ),
)
