"""A refusal in the words that were typed: the contract names its fields, the command line its options."""

import re

import click

from services.client import Refused

OTHERWISE_NAMED = {
    "external_id": "customer",
    "display_name": "name",
    "ticket_id": "key",
    "reference": "key",
    "ticket_ids": "keys",
    "key": "keys",
}
"""Fields whose option or argument has another name than they have; or a third where that is not there either."""
WIRE = re.compile(
    r"'[^']*'|\b(?:OUTCOME|CONTACT_KIND|PROMISE_KIND|TARGET|TICKET_KIND|TICKET_STATUS)_(?P<value>[A-Z_]+)\b"
    r"|(?P<field>\b[a-z]+(?:_[a-z]+)+\b|(?<=goes with )\w+|(?<=does not go with )\w+)"
)
"""What is quoted, an enum's value, the name of a field."""
LISTINGS = {
    "ListTickets": "`followthrough ticket list`",
    "ListArticles": "`followthrough article list`",
    "ListProblems": "`followthrough problem list`",
    "ListAnnouncements": "`followthrough problem announcements`",
    "ListQueueClosures": "`followthrough queue closures`",
}


def in_words_of(command: click.Command, refused: Refused) -> str:
    """Say all that is wrong, each under the option or argument that gave it, where there is one."""
    blamed = [(field, text) for field, text in refused.violations if text.startswith(f"{field} ")]
    if len(blamed) == len(refused.violations) > 0:
        said = "; ".join(_typed(command, field) + text.removeprefix(field) for field, text in blamed)
    else:
        field = refused.facts.get("field", "")
        is_named = field and refused.text.startswith(f"{field} ")
        said = _typed(command, field) + refused.text.removeprefix(field) if is_named else refused.text
    for listing, shown in LISTINGS.items():
        said = said.replace(listing, shown)
    return _translated(command, said)


def _translated(command: click.Command, text: str) -> str:
    """Say the contract's other words as they are typed; what is quoted is somebody's own."""

    def typed(found: re.Match[str]) -> str:
        return (
            found["value"].lower()
            if found["value"]
            else _typed(command, found["field"])
            if found["field"]
            else found[0]
        )

    return WIRE.sub(typed, text)


def _typed(command: click.Command, field: str) -> str:
    """Name what was typed for a field like `customer.display_name`."""
    own = field.rpartition(".")[2]
    other = OTHERWISE_NAMED.get(own, own)
    for name in (field.partition("[")[0], own, other, OTHERWISE_NAMED.get(other, other)):
        for parameter in command.params:
            if parameter.name == name:
                is_option = isinstance(parameter, click.Option)
                return parameter.opts[0] if is_option else parameter.metavar or name.upper()
    return field
