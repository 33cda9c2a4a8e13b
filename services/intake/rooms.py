"""Every service of the contract that intake serves, and the room where its methods stand. Knows no method.

A new service is a line in `ROOMS`: served, watched by health, told by reflection, and counted.
"""

from collections.abc import Callable
from typing import NamedTuple

from google.protobuf.descriptor import ServiceDescriptor

from protos.followthrough.v1 import knowledge_service_pb2, problem_service_pb2, queue_service_pb2, ticket_service_pb2
from services.intake import tickets
from services.intake.means import Means, Methods
from services.knowledge import answers as knowledge
from services.problems import methods as problems
from services.queues import methods as queues


class Room(NamedTuple):
    """One service, and what answers it."""

    service: ServiceDescriptor
    methods: Callable[[Means], Methods]


ROOMS = (
    Room(ticket_service_pb2.DESCRIPTOR.services_by_name["TicketService"], tickets.methods),
    Room(knowledge_service_pb2.DESCRIPTOR.services_by_name["KnowledgeService"], knowledge.methods),
    Room(problem_service_pb2.DESCRIPTOR.services_by_name["ProblemService"], problems.methods),
    Room(queue_service_pb2.DESCRIPTOR.services_by_name["QueueService"], queues.methods),
)
SERVICES = tuple(room.service for room in ROOMS)
"""What callers know them by; the first is the one that the others are about."""
