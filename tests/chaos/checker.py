"""The checker of a chaos run: facts in, broken promises out. Shares no code with the engine, and asks nobody."""

from collections.abc import Iterator

from tests.chaos.check_announcements import check_announcements
from tests.chaos.check_answers import check_answers
from tests.chaos.check_closures import check_closures
from tests.chaos.check_credits import check_credits
from tests.chaos.check_logs import check_logs
from tests.chaos.check_matters import check_matters
from tests.chaos.check_merges import check_merges
from tests.chaos.check_outside import check_messages, check_timers
from tests.chaos.check_policies import check_policies
from tests.chaos.check_promises import check_promises
from tests.chaos.check_totals import check_totals
from tests.chaos.facts import Facts
from tests.chaos.findings import Finding


def check(facts: Facts) -> Iterator[Finding]:
    """Yield everything that is not as it was promised."""
    yield from check_answers(facts)
    yield from check_logs(facts)
    yield from check_promises(facts)
    yield from check_matters(facts)
    yield from check_announcements(facts)
    yield from check_merges(facts)
    yield from check_closures(facts)
    yield from check_credits(facts)
    yield from check_policies(facts)
    yield from check_totals(facts)
    yield from check_timers(facts)
    yield from check_messages(facts)
