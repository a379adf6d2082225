"""
Explain a rule, or list all of them.

A rule is named by its code (MUSL401) or its name (packed-relocations). Codes
that begin with MUSL are about wheels, those with ENV about interpreters.

for example:
  musl-audit rule MUSL401

exit code:
  0  it was explained
  2  wrong usage
"""

from argparse import ArgumentParser, Namespace

from musl_audit.cli.arguments import add_color
from musl_audit.cli.output import output_to
from musl_audit.environment.rules import all_rules as environment_rules
from musl_audit.errors import UsageError, did_you_mean
from musl_audit.judging.rules import all_rules
from musl_audit.reporters.rule_text import Explained, listing, page


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("rule", metavar="RULE", nargs="?", help="a code or a name; default: list all rules")
    add_color(parser)


def run(options: Namespace) -> int:
    """Write the page of the rule, or the list, and return the exit code."""
    with output_to(None, options.color) as output:
        if options.rule is None:
            output.write(listing(every_rule(), output.width, output.paint))
        else:
            output.write(page(named(options.rule), output.width, output.paint))
    return 0


def every_rule() -> list[Explained]:
    """Return all rules, those about wheels first."""
    return [*all_rules(), *environment_rules()]


def named(word: str) -> Explained:
    """Return the rule that *word* names; raise ``UsageError`` with the nearest name where there is none."""
    rules = {known: module for module in every_rule() for known in (module.rule.code, module.rule.name)}
    found = rules.get(word.upper()) or rules.get(word.lower())
    if found is None:
        raise UsageError(f"unknown rule {word!r}{did_you_mean(word, rules)} (`musl-audit rule` lists them)")
    return found
