"""
The rules about environments: one file each, found by file name.

A module named ``envNNN_some_name.py`` has a docstring (its documentation page), ``RULE`` and ``check``.
"""

from collections.abc import Iterable
from functools import cache

from musl_audit.environment.context import Check, EnvironmentContext
from musl_audit.frozen import frozen
from musl_audit.judging.rules.base import Rule, find_rule, rule_modules
from musl_audit.model import Statement


@frozen
class EnvironmentRule:
    """A rule about environments with its documentation page and its check."""

    rule: Rule
    page: str
    check: Check


@cache
def all_rules() -> tuple[EnvironmentRule, ...]:
    """Return every rule, by code."""
    modules = rule_modules(__name__, __path__, "env")
    return tuple(EnvironmentRule(module.RULE, module.__doc__ or "", module.check) for module in modules)


@cache
def rule_of(code: str) -> Rule:
    """Return the rule that *code* names, whose file alone is imported; raise ``KeyError`` where there is none."""
    return find_rule(__name__, __path__, code)


def run_rules(context: EnvironmentContext) -> Iterable[Statement]:
    """Yield what every rule states."""
    for rule in all_rules():
        yield from rule.check(context)
