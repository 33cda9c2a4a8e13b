"""Ids, queues and type names shared with Temporal. They are in histories and in running systems: never change one."""

TASK_QUEUE = "followthrough-tickets"
TICKET_WORKFLOW = "Ticket"
SETTLE_ACTIVITY = "settle"
WAKE_SIGNAL = "wake"
STUCK_ERROR = "TicketStuck"
