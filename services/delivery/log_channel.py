"""The log as a channel: prints each message, as a fact with fields.

Tells for which audience and of what, never in what words nor who it is: a customer's or a handler's name is nobody's to
ship. Whom exactly, the outbox says.
"""

import logging

from services.delivery.channel import Sent
from services.records.owed_messages import OwedMessage

logger = logging.getLogger(__name__)


class LogChannel:
    """Implements `Channel`. Somebody reads the log: what is printed is sent."""

    async def send(self, message: OwedMessage) -> Sent:
        """Print it."""
        fields: dict[str, str | int | bool] = {
            "ticket_id": message.ticket_id,
            "sequence": message.sequence,
            "kind": message.kind,
            "audience": message.audience,
            "key": message.key,
        }
        if message.may_have_been_sent:
            fields["possibly_sent_twice"] = True
        logger.info("message", extra=fields)
        return Sent(also=None)
