"""What is known about what customers ask: articles, how they are found, and what they were good for.

Knows its own tables and reads the tickets' log; settles nothing.
"""
