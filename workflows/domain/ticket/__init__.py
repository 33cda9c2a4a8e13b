"""One ticket: its state, what can be asked of it, what happened to it, and the judge between the three."""
