"""The record's schema, step by step. Run by `followthrough migrate` only."""
