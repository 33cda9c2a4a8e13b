"""`followthrough policy …`: what a policy does, seen before it is live. Which subcommands there are."""

import click

from services.cli.lazy import LazyGroup, Subcommand

SUBCOMMANDS = {
    "new": Subcommand("policy_new", "new", "Write a first policy and its first test."),
    "check": Subcommand("policy_check", "check", "See that policies are valid, and what is odd about them."),
    "show": Subcommand("policy_show", "show", "Read a policy as a table."),
    "explain": Subcommand("policy_explain", "explain", "Hear what happens, and when, until the ladder has ended."),
    "diff": Subcommand("policy_diff", "diff", "Compare two policies, or two versions of one."),
    "migrate": Subcommand("policy_migrate", "migrate", "Have running tickets go on by another version of theirs."),
    "publish": Subcommand("policy_publish", "publish", "Write the page that tells customers what they are promised."),
    "simulate": Subcommand("policy_simulate", "simulate", "Tell past tickets again under a policy, or under two."),
}
"""Every subcommand, in the order of the overview; a module each, `services/cli/policy_….py`."""


@click.group(cls=LazyGroup, table=SUBCOMMANDS)
def policy() -> None:
    """See what a policy does before it is live.

    SPEC names a policy: NAME, of those in force; a file, `path/to/policy.py`; either of them as it was at a git
    revision, `SPEC@REVISION`. Exit code 0: fine; 1: found something, or it would fail; 2: not understood, or the
    policy does not load.
    """
