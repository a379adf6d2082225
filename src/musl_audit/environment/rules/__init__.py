"""
The rules about environments: one file each, found by file name.

A module named ``envNNN_some_name.py`` has a docstring (its documentation page), ``RULE`` and ``check``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files

from musl_audit.environment.context import Check, EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Finding


@dataclass(frozen=True, slots=True)
class RuleModule:
    """A rule with its documentation page and its check."""

    rule: Rule
    page: str
    check: Check


@cache
def all_rules() -> tuple[RuleModule, ...]:
    """Return every rule, by code."""
    names = sorted(entry.name.removesuffix(".py") for entry in files(__name__).iterdir() if is_rule_file(entry.name))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return tuple(RuleModule(module.RULE, module.__doc__ or "", module.check) for module in modules)


def is_rule_file(name: str) -> bool:
    """Whether *name* is the file name of a rule."""
    return name.startswith("env") and name.endswith(".py")


def run_rules(context: EnvironmentContext) -> Iterable[Finding]:
    """Yield the findings of every rule."""
    for rule in all_rules():
        yield from rule.check(context)
