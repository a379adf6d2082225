"""
One folder holds the metadata of several versions of a package.

An upgrade was interrupted, or two installers worked on one folder. Python imports the files that lie there, whichever
version they are of; what an installer reports may be the other one.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.installed.values import InstalledAnswer
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement
from musl_audit.wheel.names import normalized_project

RULE = Rule(
    "ENV034", "installed-twice", Severity.WARNING, "remove it, look whether something is left, install it again"
)


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each package."""
    for installation in context.environment.installations:
        groups: dict[tuple[str, str], list[InstalledAnswer]] = {}
        for answer in installation.answers:
            key = answer.project.folder, normalized_project(answer.project.name)
            groups.setdefault(key, []).append(answer)
        for (folder, _), group in groups.items():
            if len(group) > 1:
                versions = sorted(answer.project.version for answer in group)
                yield RULE.states(
                    f"{group[0].project.name} is installed more than once in {folder}: {spell(versions)}",
                    members=[answer.project.metadata for answer in group],
                )
