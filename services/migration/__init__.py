"""Moving running tickets to another version of their policy: what would become of them; doing it (semantics 7.3)."""
