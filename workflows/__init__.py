"""What is promised, and the durable timer that holds every ticket to it."""
