"""What the domain refuses, and why. An error carries the fact and the remedy."""


class DomainError(ValueError):
    """Something was declared or asked for that the domain refuses; all that is wrong with it is told at once."""

    problems: tuple[str, ...]
    """Each a sentence of its own: lower-case, the value quoted, the remedy given."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "; ".join(self.problems)


class CalendarError(DomainError):
    """A zone, a calendar, or working-time arithmetic that cannot be kept."""


class PolicyError(DomainError):
    """A policy that cannot be promised to a customer."""


class TextError(DomainError):
    """A text that cannot be stored or read: empty, too long, or with characters that are none."""
