"""What a policy does, worked out before it is live: its table, its dated story, how two differ. Pure, like the domain.

The very judge that runs tickets works it out (semantics 7.5): nothing here knows a rule.
"""
