"""`followthrough ticket …`: what comes in from customers by channels. Options in, one request out."""

import click

from protos.followthrough.v1.ticket_pb2 import ContactKind, Customer
from protos.followthrough.v1.ticket_service_pb2 import ReceiveContactRequest, RecordContactRequest
from services.cli.asking import Asking
from services.cli.local_zone import in_zone
from services.cli.options import asks, changes

KINDS = click.Choice(["news", "information", "complaint"])


@click.command()
@click.argument("key")
@click.argument("text", default="")
@click.option("--kind", type=KINDS, default="news", show_default=True, help="What the customer came back with.")
@click.option("--channel", default="phone", show_default=True, help="How the customer came.")
@click.option("--thread", default="", help="The conversation elsewhere that it came in: more of it joins this ticket.")
@click.option("--customer", default="", help="Your own key for who came: another than the ticket's is refused.")
@changes
def contact(asking: Asking, *, key: str, kind: str, text: str, channel: str, thread: str, customer: str) -> None:
    """Record that the customer came back, in their words: TEXT."""
    request = RecordContactRequest(text=text, channel=channel, thread=thread, customer=customer)
    request.kind = ContactKind.Value(f"CONTACT_KIND_{kind.upper()}")
    asking.change(key, request)


@click.command()
@click.argument("text", default="")
@click.option("--customer", required=True, help="Your own key for the customer.")
@click.option("--name", required=True, help="What the customer is called.")
@click.option("--language", default="en", show_default=True, help="BCP 47 tag of the customer's language.")
@in_zone
@click.option("--subject", required=True, help="In one line; replies to it, however spelt, join the same ticket.")
@click.option("--kind", type=KINDS, default="news", show_default=True, help="What they came back with, if they did.")
@click.option("--channel", default="mail", show_default=True, help="How the customer came.")
@click.option("--thread", default="", help="The conversation elsewhere that it came in.")
@click.option("--reference", default="", help="The reference that the customer gave.")
@click.option("--queue", default="", help="The desk of a ticket that is opened. Default: by route.")
@click.option("--priority", default="", help="Its priority. Default: by route.")
@asks
def receive(asking: Asking, *, kind: str, customer: str, name: str, language: str, zone: str, **fields: str) -> None:
    """Receive what a customer says, in their words: TEXT. It joins the ticket it belongs to, or opens one."""
    who = Customer(external_id=customer, display_name=name, language=language, zone=zone)
    wanted = ContactKind.Value(f"CONTACT_KIND_{kind.upper()}")
    asking.receive(ReceiveContactRequest(customer=who, kind=wanted, **fields))
