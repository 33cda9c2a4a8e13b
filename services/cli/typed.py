"""A refusal in the words that were typed: the contract names its fields, the command line its options."""

import click

from services.client import Refused

OTHERWISE_NAMED = {"external_id": "customer", "display_name": "name", "ticket_id": "key", "reference": "key"}
"""Fields whose option or argument has another name than they have."""
LISTING = ("ListTickets", "`followthrough ticket list`")


def in_words_of(command: click.Command, refused: Refused) -> str:
    """Say all that is wrong, each under the option or argument that gave it, where there is one."""
    blamed = [(field, text) for field, text in refused.violations if text.startswith(f"{field} ")]
    if len(blamed) == len(refused.violations) > 0:
        said = "; ".join(_typed(command, field) + text.removeprefix(field) for field, text in blamed)
    else:
        field = refused.facts.get("field", "")
        is_named = field and refused.text.startswith(f"{field} ")
        said = _typed(command, field) + refused.text.removeprefix(field) if is_named else refused.text
    return said.replace(*LISTING)


def _typed(command: click.Command, field: str) -> str:
    """Name what was typed for a field like `customer.display_name`."""
    name = field.rpartition(".")[2]
    name = OTHERWISE_NAMED.get(name, name)
    for parameter in command.params:
        if parameter.name == name:
            return parameter.opts[0] if isinstance(parameter, click.Option) else name.upper()
    return field
