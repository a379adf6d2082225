"""From the list of a project's files to what its binaries say: each is read once, and none is kept."""

from collections.abc import Callable
from typing import TypeVar

from musl_audit.adapters.installed.files import LARGEST_FILE, MAGIC
from musl_audit.adapters.installed.projects import Listing
from musl_audit.adapters.installed.recurring import RecurringFiles
from musl_audit.adapters.partial_file import PartialFile
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.elf import read_elf
from musl_audit.environment.installed.values import ProjectFacts
from musl_audit.errors import ElfError
from musl_audit.model import ElfFacts, Problem, ProblemKind

Answer = TypeVar("Answer")


def with_facts(
    use: Callable[[ProjectFacts], Answer],
    tree: Tree,
    listing: Listing,
    recurring: RecurringFiles,
    *,
    verify_hashes: bool = False,
) -> Answer:
    """Return what *use* makes of the facts of the files in *listing*; only the names that it asks for are made."""
    try:
        return use(read_project(tree, listing, recurring.read, verify_hashes=verify_hashes))
    except ElfError:  # names that overlap without end: whose they are is told when all are made
        return use(read_project(tree, listing, verify_hashes=verify_hashes))


def read_project(
    tree: Tree,
    listing: Listing,
    read: Callable[[bytes | PartialFile, str], ElfFacts] = read_elf,
    *,
    verify_hashes: bool = False,
) -> ProjectFacts:
    """
    Return the facts of the files in *listing*, each as *read* makes it out of contents and path.

    A binary is held against the size that ``RECORD`` says; with *verify_hashes*, every file that it lists against its
    digest.
    """
    elves: list[ElfFacts] = []
    problems: list[Problem] = []
    changed: set[str] = set()
    links: list[tuple[str, str]] = []
    unread = list(listing.unread)
    for path in listing.paths:
        try:
            real = tree.resolve(path)
            with tree.contents_if(real, MAGIC, most=LARGEST_FILE) as data:
                if data is None:
                    continue
                if real != path:
                    links.append((path, real))
                if not _has_listed_size(listing, path, len(data)):
                    changed.add(path)
                elves.append(read(data, path))
        except PathError as error:
            unread.append(str(error))
        except ElfError as error:
            problems.append(Problem(ProblemKind.UNREADABLE_ELF, (path,), str(error)))
    if verify_hashes:
        changed.update(_contradicted(tree, listing, unread))
    return ProjectFacts(
        project=listing.project,
        elves=tuple(sorted(elves, key=lambda elf: elf.path)),
        elf_problems=tuple(problems),
        links=tuple(links),
        missing=listing.missing,
        changed=tuple(sorted(changed)),
        unread=tuple(unread),
        notes=listing.notes,
    )


def _has_listed_size(listing: Listing, path: str, size: int) -> bool:
    if listing.record is None or listing.rows is None or path not in listing.rows:
        return True
    _, told = listing.record.rows[listing.rows[path]]
    return not told or told == str(size)


def _contradicted(tree: Tree, listing: Listing, unread: list[str]) -> list[str]:
    """Return the files whose digest is another than ``RECORD`` says."""
    record, missing = listing.record, set(listing.missing)
    found = []
    for path, row in (listing.rows or {}).items():
        hasher = record.hasher(row) if record is not None and path not in missing else None
        if record is None or hasher is None:
            continue
        try:
            hasher.update(tree.read(path, most=LARGEST_FILE))
        except PathError as error:
            unread.append(str(error))
            continue
        if record.contradicts(row, hasher):
            found.append(path)
    return found
