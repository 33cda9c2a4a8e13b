"""Queues that cannot work for a while: the methods of QueueService. Knows no ticket."""
