"""The public contract. Imports nothing of ours."""
