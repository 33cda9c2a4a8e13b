"""`followthrough ticket …`: what a contact centre asks through gRPC, by hand. Which commands there are."""

from collections.abc import Mapping, Sequence

import click

from services.cli import ticket_changes as change
from services.cli import ticket_contacts as contacts
from services.cli import ticket_conversation as conversation
from services.cli import ticket_reading as read
from services.cli.sections import Sections
from services.cli.ticket_import import import_

SECTIONS: Mapping[str, Sequence[click.Command]] = {
    "Look": (read.next_, read.list_, read.show, read.handover, read.explain, read.events, read.watch),
    "Take on": (change.open_, contacts.receive, change.ack, change.assign, change.priority, import_),
    "Work with the customer": (change.update, contacts.contact, change.wait, change.continue_),
    "Promise": (conversation.promise, conversation.keep, conversation.repromise),
    "Hand on": (change.escalate, change.transfer, change.merge),
    "Bring to an end": (change.resolve, change.confirm, change.reject, change.reopen, change.close, conversation.rate),
    "Make good": (conversation.credit, conversation.decide),
    "Write down for the desk": (change.note, change.time, conversation.hold),
}
"""Every command, under what it is for."""


@click.group(cls=Sections, sections=SECTIONS)
def ticket() -> None:
    """Open tickets, show them and work on them.

    KEY is a ticket's id or its reference. Exit code 0: done; 1: refused, with the reason; 2: no answer, or not
    understood. `followthrough ticket COMMAND --help` tells a command's options.
    """
