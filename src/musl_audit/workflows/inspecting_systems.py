"""Every binary of a system, by the package that brought it, as the loader there would start or open it."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from urllib.parse import unquote

from musl_audit.adapters.installed.files import SystemFiles
from musl_audit.adapters.installed.projects import Listing
from musl_audit.adapters.installed.reading import with_facts
from musl_audit.adapters.installed.recurring import RecurringFiles
from musl_audit.adapters.installed.walk import is_candidate, walk
from musl_audit.adapters.interpreter.loaders import LARGEST_LOADER
from musl_audit.adapters.packages import Packages, comparable
from musl_audit.adapters.runners import runner_for
from musl_audit.adapters.system_path import system_path
from musl_audit.adapters.tree import Entry, PathError, Tree
from musl_audit.elf import read_elf
from musl_audit.environment.installed.judge import Judge
from musl_audit.environment.installed.linkage import System
from musl_audit.environment.installed.values import Installation, InstalledAnswer, Origin, Project, ProjectFacts
from musl_audit.environment.values import Host
from musl_audit.errors import ElfError
from musl_audit.frozen import frozen, replace
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Failure
from musl_audit.policy import Catalog

_NOT_FILES = ("/proc", "/sys", "/dev", "/run")
_ABOUT = 1 << 18  # bytes of a file, before it is read


@frozen
class SystemPackage:
    """The files of one package of the system; without an owner, those of a folder that no package owns."""

    path: str  # package URL, or folder
    files: tuple[str, ...]

    @property
    def size(self) -> int:
        """About how many bytes there are to read."""
        return _ABOUT * len(self.files)


@frozen
class SystemInspection:
    """How the packages of a system are examined; another process can be sent it."""

    tree: Tree
    catalog: Catalog
    system: System
    place: str

    def __call__(self, package: SystemPackage) -> InstalledAnswer:
        """Return the answer about the files of *package*."""
        listing = Listing(_project(package), package.files)
        return with_facts(lambda facts: self._judge.answer(self._ours(facts)), self.tree, listing, self._recurring)

    def _ours(self, facts: ProjectFacts) -> ProjectFacts:
        """Return *facts* without what this loader never sees: other processors' files, programs of a loader beside."""
        arch = self.system.arch
        elves = (elf for elf in facts.elves if arch.is_machine_of(elf.identity))
        return replace(facts, elves=tuple(elf for elf in elves if not self._has_another_loader(elf.interpreter)))

    def _has_another_loader(self, interpreter: str | None) -> bool:
        found = self._judge.files.found(interpreter) if interpreter else None
        return found is not None and found != self.system.loader

    @cached_property
    def _recurring(self) -> RecurringFiles:
        return RecurringFiles()

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.catalog, self.system, SystemFiles(self.tree), None, self.place)


def inspect_system(
    tree: Tree, catalog: Catalog, host: Host, *, place: str, judged: Iterable[str], jobs: int = 1
) -> Installation:
    """
    Return the answers about every package of the system, and about what no package owns.

    *judged* are folders that were looked into already, for an interpreter.
    """
    release = host.loader.release if host.loader else None
    installation = Installation("", "", f"{host.libc} {release or ''}".strip(), host.arch or "", ())
    system = _system(tree, catalog, host)
    if system is None:
        return replace(installation, why_not=f"programs run on {installation.libc} here: they are not judged")
    faults: list[str] = []
    packages = tuple(_packages(tree, tuple(judged), faults))
    inspection = SystemInspection(tree, catalog, system, place)
    answers: list[InstalledAnswer] = []
    for outcome in runner_for(packages, jobs).run(inspection, packages, jobs):
        match outcome:
            case Failure():
                faults.append(f"{outcome.path}: {outcome.message}")
            case InstalledAnswer():
                answers.append(outcome)
    found = tuple(answer for answer in answers if answer.binaries or answer.unread)
    return replace(installation, answers=found, unread=tuple(faults))


def _system(tree: Tree, catalog: Catalog, host: Host) -> System | None:
    loader = host.loader
    if host.libc is not Libc.MUSL or loader is None or loader.musl is None or host.arch is None:
        return None
    known = frozenset(catalog.releases_of(host.arch))
    try:
        path = tree.resolve(loader.path)
        exports = read_elf(tree.read(path, most=LARGEST_LOADER), path).defined
        folders = system_path(tree, loader.path)
    except (PathError, ElfError):
        return None
    if loader.musl not in known:
        return None
    return System(catalog.arches[host.arch], loader.musl, known, path, exports, folders)


def _packages(tree: Tree, judged: tuple[str, ...], faults: list[str]) -> Iterator[SystemPackage]:
    """Yield the packages of the system with their files that may be binaries, by name; then what nobody owns."""
    owners = Packages(tree).owners
    groups: dict[str, list[str]] = {}
    for folder, entries in walk(tree, "/", faults):
        if folder.startswith(_NOT_FILES) or any(folder == top or folder.startswith(f"{top}/") for top in judged):
            continue
        for name, entry in entries.items():
            if entry is Entry.FILE and is_candidate(name):
                path = f"{folder.rstrip('/')}/{name}"
                groups.setdefault(owners.get(comparable(path)) or folder, []).append(path)
    for owner, paths in sorted(groups.items()):
        yield SystemPackage(owner, tuple(sorted(paths)))


def _project(package: SystemPackage) -> Project:
    if not package.path.startswith("pkg:"):
        return Project(package.path, "", package.path, package.path, Origin.FILES)
    name, _, version = package.path.partition("?")[0].rpartition("/")[2].partition("@")
    spelled, number = unquote(name), unquote(version)
    return Project(spelled, number, "/", package.path, Origin.SYSTEM, owner=package.path)
