"""Every service of the contract that intake serves, and the room where its methods stand. Knows no method.

A new service is a line in `ROOMS`: served, watched by health, told by reflection, and counted.
"""

from collections.abc import Callable
from typing import NamedTuple

from google.protobuf.descriptor import ServiceDescriptor

from protos.followthrough.v1 import ticket_service_pb2
from services.intake import tickets
from services.intake.means import Means, Methods


class Room(NamedTuple):
    """One service, and what answers it."""

    service: ServiceDescriptor
    methods: Callable[[Means], Methods]


ROOMS = (Room(ticket_service_pb2.DESCRIPTOR.services_by_name["TicketService"], tickets.methods),)
SERVICES = tuple(room.service for room in ROOMS)
"""What callers know them by; the first is the one that the others are about."""
