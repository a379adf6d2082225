"""
Nothing lists the files of an installed package, or only another list than its own.

Distributions' packages often come without ``RECORD``: their files are taken from the database of apk or dpkg. Where
that says nothing either, the folders that bear the package's name are walked. An editable installation is judged in the
tree that it was made from. Eggs in one file are not looked into.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.installed.values import Origin
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement

RULE = Rule("ENV035", "installed-without-list", Severity.NOTE, "nothing is to be done: it is judged as well")
_SAID = {
    Origin.DATABASE: "no RECORD: the files are those that the system's package database lists",
    Origin.EDITABLE: "editable: judged in the tree that it was installed from",
    Origin.FOLDER: "nothing lists the files: the folders of that name were walked",
    Origin.ZIP: "an egg in one file: not looked into",
}


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each reason."""
    groups: dict[Origin, dict[str, str]] = {}
    for answer in (answer for item in context.environment.installations for answer in item.answers):
        if answer.project.origin in _SAID and (answer.binaries or answer.project.origin is Origin.ZIP):
            groups.setdefault(answer.project.origin, {})[answer.project.metadata] = answer.project.spelled
    for origin, group in groups.items():
        yield RULE.states(f"{spell(sorted(set(group.values())))}: {_SAID[origin]}", members=group)
