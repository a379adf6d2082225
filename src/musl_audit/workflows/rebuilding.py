"""Wheels made again of the installed packages that do not load, ready for ``repair``."""

from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path

from musl_audit.adapters.images.tree import open_tree
from musl_audit.adapters.installed.projects import Projects
from musl_audit.adapters.installed.wheels import Rebuilt, rebuild
from musl_audit.adapters.writer import check_output_directory
from musl_audit.environment.installed.values import Installation
from musl_audit.environment.rules.env905_wheel_not_made import RULE as NOT_MADE
from musl_audit.errors import RepairError
from musl_audit.frozen import frozen
from musl_audit.model import Failure


@frozen
class RebuiltWheels:
    """The wheels that were made, and the packages of which none could be made."""

    made: tuple[Rebuilt, ...] = ()
    failures: tuple[Failure, ...] = ()


def rebuild_broken(
    installations: Iterable[Installation], directory: str | PathLike[str], *, root: str | PathLike[str] = "/"
) -> RebuiltWheels:
    """
    Write a wheel of each package of *installations* that does not load into *directory*.

    *root* is the system that they are of. Raise ``RepairError`` where *directory* cannot be written to.
    """
    target = Path(directory)
    check_output_directory(target)
    tree = open_tree(fspath(root))
    projects = Projects(tree)
    made, failures = [], []
    for metadata in dict.fromkeys(answer.project.metadata for item in installations for answer in item.broken):
        try:
            made.append(rebuild(tree, projects.listing(metadata), target))
        except RepairError as error:
            failures.append(Failure(metadata, NOT_MADE.code, str(error)))
    return RebuiltWheels(tuple(made), tuple(failures))
