"""The log as a channel: prints each message, as a fact with fields. Tells whom and of what, never in what words."""

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
            "recipient": message.recipient,
            "key": message.key,
        }
        if message.may_have_been_sent:
            fields["possibly_sent_twice"] = True
        logger.info("message", extra=fields)
        return Sent()
