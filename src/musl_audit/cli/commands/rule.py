"""
Explain a rule, or list all of them.

A rule is named by its code (MUSL401) or its name (packed-relocations).
"""

from argparse import ArgumentParser, Namespace

from musl_audit.cli.arguments import add_color
from musl_audit.cli.output import output_to
from musl_audit.errors import UsageError
from musl_audit.nearest import did_you_mean
from musl_audit.reporters.rule_text import listing, page
from musl_audit.rules import RuleModule, all_rules


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("rule", metavar="RULE", nargs="?", help="a code or a name; default: list all rules")
    add_color(parser)


def run(options: Namespace) -> int:
    """Write the page of the rule, or the list, and return the exit code."""
    with output_to(None, options.color) as output:
        if options.rule is None:
            output.write(listing(all_rules(), output.width, output.paint))
        else:
            output.write(page(named(options.rule), output.width, output.paint))
    return 0


def named(word: str) -> RuleModule:
    """Return the rule that *word* names; raise ``UsageError`` with the nearest name where there is none."""
    rules = {known: module for module in all_rules() for known in (module.rule.code, module.rule.name)}
    found = rules.get(word.upper()) or rules.get(word.lower())
    if found is None:
        raise UsageError(f"unknown rule {word!r}{did_you_mean(word, rules)} (`musl-audit rule` lists them)")
    return found
