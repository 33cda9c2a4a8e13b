"""A craft shop: one person who makes, packs and answers, and a friend who stands in for her.

A paid order is a ticket too: its priority is `despatch`, and to resolve it is to hand the parcel to the carrier. So
the despatch deadline is the customer's resolve target, and a parcel that is late climbs the ladder like any other
promise: it is the friend who hears of it next.
"""

from datetime import timedelta

from workflows.closed_dates.public_holidays import public_holidays
from workflows.domain.calendar import Calendar
from workflows.domain.policy import OnBreach, Policy, Targets, Tier, hours, minutes
from workflows.domain.ticket.words import Audience, Target
from workflows.planning.publication import Channel, Publication
from workflows.rota import Away, Rota

DESPATCH, REFUND, QUERY = "despatch", "refund", "query"

YEARS = (2026, 2027, 2028)
SCOTLAND = "Europe/London"

holidays = public_holidays("GB-SCT", years=YEARS)
workshop_hours = Calendar(
    SCOTLAND,
    {"tue-fri": "10:00-16:00", "sat": "10:00-13:00"},
    closed={**holidays, "2026-12-29": "between the years", "2026-12-30": "between the years"},
    # The last posting days before Christmas: a Sunday and a Monday in the workshop, and the eve until noon.
    special={"2026-12-20": "10:00-16:00", "2026-12-21": "10:00-18:00", "2026-12-24": "10:00-12:00"},
)
# The friend has work of her own, and looks after the shop in the evening.
evenings = Calendar(SCOTLAND, {"mon-fri": "18:00-21:00"}, closed=holidays)

# Who made it is told first, wherever the ticket is; twice without news, or late, and the friend sees to it.
missed = {
    Target.ACKNOWLEDGE: OnBreach(escalate_every=1),
    Target.TIER_RESOLVE: OnBreach(escalate_every=1),
    Target.UPDATE: OnBreach(notify=(Audience.OWNER,), escalate_every=2),
    Target.RESOLVE: OnBreach(notify=(Audience.OWNER, Audience.LAST_RESORT), escalate_every=1),
}

policy = Policy(
    name="craft-shop",
    calendar=workshop_hours,
    # Six hours are a day in the workshop. A parcel leaves within two days of it, money is back within three.
    resolve={DESPATCH: hours(12), REFUND: hours(18), QUERY: hours(12)},
    tiers=(
        Tier(
            name="workshop",
            calendar=workshop_hours,
            targets={
                DESPATCH: Targets(acknowledge=hours(6), update_every=hours(9), resolve=hours(10)),
                REFUND: Targets(acknowledge=hours(6), update_every=hours(12), resolve=hours(12)),
                QUERY: Targets(acknowledge=hours(3), update_every=hours(6), resolve=hours(9)),
            },
            on_breach=missed,
        ),
        Tier(
            name="friend",
            calendar=evenings,
            targets={
                DESPATCH: Targets(acknowledge=minutes(30), update_every=hours(9), resolve=hours(3)),
                REFUND: Targets(acknowledge=hours(1), update_every=hours(12), resolve=hours(6)),
                QUERY: Targets(acknowledge=hours(1), update_every=hours(6), resolve=hours(3)),
            },
            on_breach=missed,
        ),
    ),
    lead="maker",
    last_resort="maker-by-phone",
    remind_every=hours(3),
    # An answer about a colour or an address may take a customer a week.
    customer_reminders=(hours(12), hours(27)),
    give_up=hours(54),
    # A parcel is on its way for some days before anybody can say that all is well.
    sign_off=hours(54),
    reopen_window=timedelta(days=30),
    # Half of the time is early enough to fetch more clay, the rest to pack.
    warn_at=(0.5, 0.8),
)

queues = ("orders", "shop-questions")
"""Where orders come in, and everything else."""

MAKER, FRIEND = "maya", "jo"
rota = Rota(
    zone=SCOTLAND,
    duty={"workshop": MAKER, "friend": FRIEND},
    away=(
        Away(who=MAKER, first="2026-12-31", last="2027-01-09", cover=FRIEND),  # visiting her sister
        Away(who=MAKER, first="2027-07-12", last="2027-07-24", cover=FRIEND),  # the summer fair
    ),
)
roster = rota.roster
"""Who is on duty: the friend has her own evenings, and the workshop's hours while the maker is away."""


published = Publication(
    provider="Clay & Wool",
    introduction="One person makes, packs and answers here. This is what you can rely on all the same.",
    channels=(
        Channel(name="e-mail", address="shop@clay-and-wool.example", cost="free"),
        Channel(name="phone", address="+44 131 496 0000", cost="what a call to Edinburgh costs you"),
    ),
    priorities={
        DESPATCH: "an order that is paid: solved means that your parcel is with the carrier, and you have its number",
        REFUND: "something came broken, or comes back: solved means that your money is on its way",
        QUERY: "a question about anything",
    },
    tiers={
        "workshop": "Maya, or her friend Jo while she is away",
        "friend": "Jo, in the evening, when the workshop did not manage",
    },
    complaints="Write to Maya at shop@clay-and-wool.example. She answers herself, on a day that the workshop is open.",
    refunds=(
        "Send back what you do not like within thirty days, no reason needed. What came broken you keep: a picture of"
        " it is enough.\n\nA parcel that leaves later than promised costs you no postage; what you paid for it comes"
        " back by itself."
    ),
    also=(
        Publication(
            language="de",
            title="Was wir versprechen",
            provider="Clay & Wool",
            introduction="Ein Mensch macht, packt und antwortet hier. Darauf können Sie sich trotzdem verlassen.",
            channels=(
                Channel(name="E-Mail", address="shop@clay-and-wool.example", cost="kostenlos"),
                Channel(name="Telefon", address="+44 131 496 0000", cost="was ein Anruf nach Edinburgh Sie kostet"),
            ),
            names={
                DESPATCH: "Versand",
                REFUND: "Erstattung",
                QUERY: "Frage",
                "workshop": "Werkstatt",
                "friend": "Freundin",
            },
            priorities={
                DESPATCH: "eine bezahlte Bestellung: Gelöst heißt, das Paket ist unterwegs und Sie haben seine Nummer",
                REFUND: "etwas kam kaputt an oder kommt zurück: Gelöst heißt, Ihr Geld ist unterwegs",
                QUERY: "eine Frage zu irgendetwas",
            },
            tiers={
                "workshop": "Maya, oder ihre Freundin Jo, solange sie weg ist",
                "friend": "Jo, am Abend, wenn die Werkstatt es nicht geschafft hat",
            },
            complaints=(
                "Schreiben Sie Maya an shop@clay-and-wool.example. Sie antwortet selbst, an einem Tag, an dem die"
                " Werkstatt offen ist."
            ),
            refunds=(
                "Was Ihnen nicht gefällt, schicken Sie innerhalb von dreißig Tagen zurück, ohne Grund. Was kaputt"
                " ankam, behalten Sie: Ein Bild davon genügt.\n\nEin Paket, das später als versprochen abgeht,"
                " kostet Sie kein Porto; was Sie dafür bezahlt haben, kommt von selbst zurück."
            ),
        ),
    ),
)
