"""A typed client of the public contract, for callers in Python: no privileges, no way round intake.

Knows the contract and gRPC, and nothing else of Followthrough: with `protos` beside it, it can be taken elsewhere. Each
change gets its caller, actor and `request_id`, each call a deadline, and the retries that the contract's service config
says. Raises `Refused` with the contract's reason, or `Unreachable`; a gRPC error never leaves this package.
"""

from services.client.asynchronous import TicketClient
from services.client.blocking import BlockingTicketClient
from services.client.calls import DEADLINE_SECONDS, Change
from services.client.errors import NotFound, Refused, Unreachable, Violation
from services.client.knowledge import BlockingKnowledgeClient, KnowledgeClient
from services.client.problems import BlockingProblemClient, ProblemClient
from services.client.queues import BlockingQueueClient, QueueClient

__all__ = [
    "DEADLINE_SECONDS",
    "BlockingKnowledgeClient",
    "BlockingProblemClient",
    "BlockingQueueClient",
    "BlockingTicketClient",
    "Change",
    "KnowledgeClient",
    "NotFound",
    "ProblemClient",
    "QueueClient",
    "Refused",
    "TicketClient",
    "Unreachable",
    "Violation",
]
