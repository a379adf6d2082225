"""
The rules: one file each, found by file name.

A module named ``muslNNN_some_name.py`` has a docstring (its documentation page), ``RULE`` and ``check``.
"""

import os
from collections.abc import Iterable
from functools import cache
from importlib import import_module

from musl_audit.frozen import frozen
from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Check, Rule
from musl_audit.model import Finding


@frozen
class RuleModule:
    """A rule with its documentation page and its check."""

    rule: Rule
    page: str
    check: Check


@cache
def all_rules() -> tuple[RuleModule, ...]:
    """Return every rule, by code."""
    names = sorted(name.removesuffix(".py") for name in os.listdir(os.path.dirname(__file__)) if is_rule_file(name))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return tuple(RuleModule(module.RULE, module.__doc__ or "", module.check) for module in modules)


def is_rule_file(name: str) -> bool:
    """Whether *name* is the file name of a rule."""
    return name.startswith("musl") and name.endswith(".py")


def run_rules(context: Context) -> Iterable[Finding]:
    """Yield the findings of every rule."""
    for rule in all_rules():
        yield from rule.check(context)
