"""Several channels as one: a message is sent when each of them has sent it."""

from collections.abc import Sequence
from dataclasses import replace

from services.delivery.channel import Channel, Outcome, Sent, TryAgain
from services.records.owed_messages import Behind, OwedMessage


class EachOf:
    """Implements `Channel`: sends by each in turn, and stops at the first that does not; then all are tried again."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        """Those that may fail first: what went before is sent twice when a later one fails."""
        self._channels = tuple(channels)

    async def send(self, message: OwedMessage) -> Outcome:
        """Send it by all."""
        also: tuple[Behind, ...] | None = None
        for place, channel in enumerate(self._channels):
            outcome = await channel.send(message)
            if isinstance(outcome, TryAgain) and place:
                return replace(outcome, may_have_been_sent=True)
            if not isinstance(outcome, Sent):
                return outcome
            if outcome.also is not None:  # only what each of those with words told of is told
                also = tuple(each for each in outcome.also if also is None or each in also)
        return Sent(also=also)
