"""The edges: each a boring process around the record. Convert, call, convert back."""
