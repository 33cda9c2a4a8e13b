"""Numbers on the command line: what is none, too small or too large is refused in plain words, with the remedy."""

import re

import click

NEGATIVE = re.compile(r"-\d")


class WholeNumber(click.IntRange):
    """A whole number between two ends, both allowed."""

    def convert(self, value: int | str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it, or refuse with the remedy."""
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is no whole number: give one {self._ends()}", param, ctx)
        if not self._holds(number):
            self.fail(f"{number} is out of range: give one {self._ends()}", param, ctx)
        return number

    def _holds(self, number: int) -> bool:
        return (self.min is None or number >= self.min) and (self.max is None or number <= self.max)

    def _ends(self) -> str:
        ends = (("from", self.min), ("to", self.max))
        return " ".join(f"{word} {end}" for word, end in ends if end is not None)


class Positive(click.Command):
    """A command with a number among its arguments, which `-5` is not taken for an option of."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line; what begins like a negative number is refused as one."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            negative = next((each for each in given if NEGATIVE.match(each)), None)
            if negative is None or not NEGATIVE.match(error.option_name):
                raise
            names = [each.make_metavar(ctx) for each in self.params if isinstance(each, click.Argument)]
            raise click.UsageError(
                f"{negative!r} is below nothing: of {', '.join(names)} none is ever negative", ctx
            ) from None
