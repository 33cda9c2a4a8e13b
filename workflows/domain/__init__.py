"""The rules of design/semantics.md, pure: standard library only, told the time, never asks it."""
