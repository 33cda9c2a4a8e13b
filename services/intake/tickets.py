"""The methods of TicketService, put together: what changes a ticket, what only reads, who follows one."""

from services.intake.changes import Changes
from services.intake.contacts import ContactMethods, lacks_a_ticket
from services.intake.importing import ImportMethods
from services.intake.means import Means, Methods
from services.intake.questions import Questions
from services.knowledge.uses import Uses


def methods(means: Means) -> Methods:
    """What answers each method about tickets."""
    changes = Changes(
        record=means.records.record,
        queries=means.records.queries,
        policies=means.policies,
        nudger=means.nudger,
        ids=means.ids,
        wrote=means.watching.wrote,
        is_article=Uses(means.records).is_known,
    )
    contacts = ContactMethods(
        contacts=means.records.contacts,
        record=means.records.record,
        queries=means.records.queries,
        changes=changes,
        ids=means.ids,
    )
    imports = ImportMethods(
        record=means.records.record,
        imports=means.records.imports,
        changes=changes,
        ids=means.ids,
        operators=means.operators,
    )
    questions = Questions(means.records.queries, means.policies)
    return Methods(
        once={**changes.methods(), **contacts.methods(), **imports.methods(), **questions.methods()},
        streamed=means.watching.methods(),
        lacks=lambda request: (*changes.lacks(request), *lacks_a_ticket(request)),
    )
