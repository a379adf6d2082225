"""
The rules about wheels: one file each, found by file name.

A module named ``muslNNN_some_name.py`` has a docstring (its documentation page), ``RULE`` and ``check``.
"""

from collections.abc import Iterable
from functools import cache

from musl_audit.frozen import frozen
from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Check, Rule, find_rule, rule_modules
from musl_audit.model import Statement


@frozen
class WheelRule:
    """A rule about wheels with its documentation page and its check."""

    rule: Rule
    page: str
    check: Check


@cache
def all_rules() -> tuple[WheelRule, ...]:
    """Return every rule, by code."""
    modules = rule_modules(__name__, __path__, "musl")
    return tuple(WheelRule(module.RULE, module.__doc__ or "", module.check) for module in modules)


@cache
def rule_of(code: str) -> Rule:
    """Return the rule that *code* names, whose file alone is imported; raise ``KeyError`` where there is none."""
    return find_rule(__name__, __path__, code)


def run_rules(context: Context) -> Iterable[Statement]:
    """Yield what every rule states."""
    for rule in all_rules():
        yield from rule.check(context)
