"""A rule's page, and the list of rules, as text for a terminal."""

from collections.abc import Iterable
from typing import Protocol

from musl_audit.judging.rules.base import Rule
from musl_audit.reporters.base import Paint
from musl_audit.reporters.style import BOLD, CODE, SEVERITY
from musl_audit.reporters.text_layout import paragraph


class Explained(Protocol):
    """A rule, about wheels or about environments, with its page."""

    @property
    def rule(self) -> Rule:
        """Its identity."""

    @property
    def page(self) -> str:
        """Its docstring."""


def page(module: Explained, width: int, paint: Paint) -> str:
    """Return what the documentation says about the rule, its hint, and whether ``repair`` helps."""
    rule = module.rule
    severity = paint(rule.severity.value, SEVERITY[rule.severity])
    blocks = [f"{paint(rule.code, CODE)} {paint(rule.name, BOLD)} ({severity})"]
    blocks += ["\n".join(paragraph(text, width)) for text in _paragraphs(module.page)]
    blocks.append("\n".join(paragraph(rule.fix.advice(rule.hint), width, first="Hint: ", rest="      ")))
    if rule.fix.automatic:
        blocks.append(f"Fix: {rule.fix.kind.value}, which `musl-audit repair` does")
    return "\n\n".join(blocks) + "\n"


def listing(modules: Iterable[Explained], width: int, paint: Paint) -> str:
    """Return a line per rule, or two: code, severity and name, then the first line of its page."""
    blocks = []
    for module in modules:
        rule = module.rule
        severity = paint(f"{rule.severity.value:<7}", SEVERITY[rule.severity])
        first = " ".join(next(iter(_paragraphs(module.page)), "").split())
        about = paragraph(first, width, first="  ", rest="  ")
        blocks.append("\n".join([f"{paint(rule.code, CODE)} {severity} {rule.name}", *about]))
    return "\n".join(blocks) + "\n"


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a docstring; its double backticks are the plain ones of a terminal."""
    return [block.strip() for block in text.replace("``", "`").split("\n\n") if block.strip()]
