"""Delivery: takes what the rules say somebody is owed out of the outbox, and sends it by a channel. Knows no rule."""
