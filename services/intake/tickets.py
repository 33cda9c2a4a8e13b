"""The methods of TicketService, put together: what changes a ticket, what only reads, who follows one."""

from services.intake.changes import Changes
from services.intake.means import Means, Methods
from services.intake.questions import Questions


def methods(means: Means) -> Methods:
    """What answers each method about tickets."""
    changes = Changes(
        record=means.records.record,
        queries=means.records.queries,
        policies=means.policies,
        nudger=means.nudger,
        ids=means.ids,
        wrote=means.watching.wrote,
    )
    questions = Questions(means.records.queries, means.policies)
    return Methods(
        once={**changes.methods(), **questions.methods()}, streamed=means.watching.methods(), lacks=changes.lacks
    )
