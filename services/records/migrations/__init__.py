"""The record's schema, step by step. Run by `followthrough migrate`, and by `up` on the record that it embeds."""
