"""Words: what a message says, made from the log's line that it is of. Knows no channel, no SQL, and decides nothing."""
