"""A software vendor whose support follows the sun from Dublin to Sydney, on a component that somebody else makes.

Support is one tier with two desks in two zones, the customer's clocks count in the hours of both. Engineering is in
Dublin alone. The component's supplier keeps his own hours in Bengaluru, and gives his own times.
"""

from datetime import timedelta

from workflows.closed_dates.public_holidays import public_holidays
from workflows.domain.calendar import Calendar
from workflows.domain.follow_the_sun import FollowTheSun
from workflows.domain.policy import OnBreach, Policy, Targets, Tier, hours, minutes
from workflows.domain.ticket.words import Audience, Target
from workflows.planning.publication import Channel, Publication

CRITICAL, MAJOR, MINOR = "critical", "major", "minor"

YEARS = (2026, 2027, 2028)

dublin = Calendar("Europe/Dublin", {"mon-fri": "08:00-18:00"}, closed=public_holidays("IE", years=YEARS))
sydney = Calendar("Australia/Sydney", {"mon-fri": "08:00-18:00"}, closed=public_holidays("AU-NSW", years=YEARS))
# Open while one of the desks is; told in the local time of the first.
support_hours = FollowTheSun(dublin, sydney)
supplier_hours = Calendar(
    "Asia/Kolkata",
    {"mon-fri": "09:30-18:30"},
    closed=public_holidays("IN-KA", years=YEARS),
)

missed = {
    Target.ACKNOWLEDGE: OnBreach(escalate_every=1),
    Target.TIER_RESOLVE: OnBreach(escalate_every=1),
    Target.UPDATE: OnBreach(notify=(Audience.HANDLER, Audience.OWNER), escalate_every=2),
    Target.RESOLVE: OnBreach(notify=(Audience.LEAD, Audience.LAST_RESORT), escalate_every=1),
}
# Nobody can make the supplier faster: who is told of his silence is the owner, who speaks to the customer.
supplier_missed = {**missed, Target.UPDATE: OnBreach(notify=(Audience.OWNER, Audience.LEAD), escalate_every=3)}

policy = Policy(
    name="software-vendor",
    calendar=support_hours,
    # In hours of both desks: twenty of them are a day and a night of the week.
    resolve={CRITICAL: hours(20), MAJOR: hours(60), MINOR: hours(200)},
    tiers=(
        Tier(
            name="support",
            calendar=support_hours,
            targets={
                CRITICAL: Targets(acknowledge=minutes(15), update_every=hours(1), resolve=hours(2)),
                MAJOR: Targets(acknowledge=hours(1), update_every=hours(5), resolve=hours(10)),
                MINOR: Targets(acknowledge=hours(8), update_every=hours(20), resolve=hours(40)),
            },
            on_breach=missed,
        ),
        Tier(
            name="engineering",
            calendar=dublin,
            targets={
                CRITICAL: Targets(acknowledge=minutes(30), update_every=hours(1), resolve=hours(4)),
                MAJOR: Targets(acknowledge=hours(2), update_every=hours(5), resolve=hours(10)),
                MINOR: Targets(acknowledge=hours(10), update_every=hours(40), resolve=hours(40)),
            },
            on_breach=missed,
            # At night in Dublin, and by day in Bengaluru, what is critical goes past it.
            skip_when_closed=(CRITICAL,),
        ),
        Tier(
            name="component-supplier",
            calendar=supplier_hours,
            targets={
                CRITICAL: Targets(acknowledge=hours(1), update_every=hours(2), resolve=hours(6)),
                MAJOR: Targets(acknowledge=hours(4), update_every=hours(10), resolve=hours(18)),
                MINOR: Targets(acknowledge=hours(18), update_every=hours(40), resolve=hours(72)),
            },
            on_breach=supplier_missed,
        ),
    ),
    lead="support-lead",
    last_resort="head-of-engineering",
    remind_every=hours(2),
    customer_reminders=(hours(40), hours(80)),
    give_up=hours(120),
    # A release is tried before it is signed off.
    sign_off=hours(100),
    reopen_window=timedelta(days=30),
    warn_at=(0.5, 0.75),
    # Who asks a second time gets an engineer.
    chases_to_escalate=2,
)

queues = ("cloud", "on-premises")
"""What the customer runs."""

published = Publication(
    provider="Example Software",
    introduction="Whichever of our offices is at work answers you; nothing waits for the other to wake up.",
    channels=(
        Channel(name="portal", address="support.software.example", cost="part of your subscription"),
        Channel(name="phone", address="+353 1 000 0000", cost="what a call to Ireland costs you; we call back"),
    ),
    priorities={
        CRITICAL: "production stands still, or data is at risk",
        MAJOR: "a part that you need does not work, and there is no way round it",
        MINOR: "everything else, questions and wishes too",
    },
    tiers={
        "support": "Dublin by day and Sydney by night; one of them stays yours to the end",
        "engineering": "the people who wrote it, in Dublin",
        "component-supplier": "the company whose component is inside; it keeps its own hours",
    },
    complaints=(
        "Ask in the ticket for the support lead, who reads it within a working day, or write to"
        " complaints@software.example."
    ),
    refunds=(
        "A critical fault that is not solved in the promised time earns a tenth of that month's fee, each further day"
        " another tenth. It is taken off the next bill without your asking."
    ),
    also=(
        Publication(
            language="de",
            title="Was wir versprechen",
            provider="Example Software",
            introduction=(
                "Wer von unseren Büros gerade arbeitet, antwortet Ihnen; nichts wartet, bis das andere aufwacht."
            ),
            channels=(
                Channel(name="Portal", address="support.software.example", cost="Teil Ihres Vertrags"),
                Channel(
                    name="Telefon",
                    address="+353 1 000 0000",
                    cost="was ein Anruf nach Irland Sie kostet; wir rufen zurück",
                ),
            ),
            names={
                CRITICAL: "kritisch",
                MAJOR: "schwer",
                MINOR: "leicht",
                "support": "Support",
                "engineering": "Entwicklung",
                "component-supplier": "Zulieferer",
            },
            priorities={
                CRITICAL: "die Produktion steht, oder Daten sind in Gefahr",
                MAJOR: "ein Teil, den Sie brauchen, geht nicht, und es gibt keinen Weg daran vorbei",
                MINOR: "alles andere, auch Fragen und Wünsche",
            },
            tiers={
                "support": "Dublin am Tag und Sydney in der Nacht; einer bleibt bis zum Ende für Sie da",
                "engineering": "die es geschrieben haben, in Dublin",
                "component-supplier": "die Firma, deren Bauteil darin steckt; sie hat eigene Zeiten",
            },
            complaints=(
                "Verlangen Sie im Ticket die Supportleitung, die es innerhalb eines Arbeitstags liest, oder schreiben"
                " Sie an complaints@software.example."
            ),
            refunds=(
                "Ein kritischer Fehler, der nicht in der versprochenen Zeit gelöst ist, bringt Ihnen ein Zehntel der"
                " Monatsgebühr, jeder weitere Tag noch ein Zehntel. Es wird von der nächsten Rechnung abgezogen, ohne"
                " dass Sie darum bitten."
            ),
        ),
    ),
)
