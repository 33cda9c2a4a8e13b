"""Past tickets under a policy, or under two: who would have breached. Told a log or the record, writes neither."""
