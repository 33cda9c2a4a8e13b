"""Articles of a desk that sells lines and phones, for tests."""

from services.knowledge.article import Content

ARTICLES = {
    "slow-evenings": Content(
        title="Slow internet in the evening",
        body="Move the router away from the television, then restart it. If it stays slow after ten at night, tell us.",
        language="en-GB",
        keywords=("slow", "speed", "evening", "buffering"),
    ),
    "router-lights": Content(
        title="What the lights on the router mean",
        body="Green is well. Orange is a line that is being set up. Red means that the line is down: call us.",
        language="en-GB",
        keywords=("lights", "red light", "blinking"),
        queues=("home",),
    ),
    "read-a-bill": Content(
        title="How to read your bill",
        body="The first page shows what is due, and by when. A refund stands on page two, in the month after.",
        language="en",
        keywords=("bill", "invoice", "refund", "charged twice"),
    ),
    "langsam-am-abend": Content(
        title="Langsames Internet am Abend",
        body="Starten Sie den Router neu. Bleiben die Verbindungen langsam, melden Sie sich bei uns.",
        language="de-DE",
        keywords=("langsam", "Störung", "Abend"),
    ),
    "leitung-tot": Content(
        title="Die Leitung ist tot",
        body="Prüfen Sie die Kabel zur Dose. Wir messen die Leitung von hier aus.",
        language="de-AT",
        keywords=("Leitung", "tot", "kein Freizeichen"),
    ),
}
"""By id. What is obviously asked for in any of them is in its keywords."""
