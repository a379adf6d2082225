"""
Write what a shell needs to complete commands and options.

for example:
  musl-audit completion bash > ~/.local/share/bash-completion/completions/musl-audit
  musl-audit completion zsh > ~/.zfunc/_musl-audit
  musl-audit completion fish > ~/.config/fish/completions/musl-audit.fish

exit code:
  0  it was written
  2  wrong usage
"""

import sys
from argparse import ArgumentParser, Namespace

from musl_audit.cli.arguments import one_of

SHELLS = ("bash", "zsh", "tcsh", "fish")


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("shell", metavar="SHELL", type=one_of(SHELLS), help=", ".join(SHELLS))


def run(options: Namespace) -> int:
    """Write the script, and return the exit code."""
    import shtab

    from musl_audit.cli.dispatch import whole_parser

    sys.stdout.write(shtab.complete(whole_parser(), options.shell) + "\n")
    return 0
