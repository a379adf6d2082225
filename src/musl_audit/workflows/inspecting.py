"""What is installed for an interpreter, from its path to the answers: each project is read and judged by itself."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from musl_audit.adapters.allocator import keep_memory
from musl_audit.adapters.installed.files import SystemFiles
from musl_audit.adapters.installed.projects import Listing, Projects, files_below, project_names
from musl_audit.adapters.installed.reading import with_facts
from musl_audit.adapters.installed.recurring import RecurringFiles
from musl_audit.adapters.installed.sites import sites_of
from musl_audit.adapters.interpreter.loaders import LARGEST_LOADER
from musl_audit.adapters.interpreter.python import library_folders
from musl_audit.adapters.runners import runner_for
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.elf import read_elf
from musl_audit.environment.installed.judge import Judge
from musl_audit.environment.installed.linkage import System
from musl_audit.environment.installed.values import Installation, InstalledAnswer, Origin, Site
from musl_audit.environment.os_release import known_distribution
from musl_audit.environment.values import Host, Interpreter
from musl_audit.errors import ElfError
from musl_audit.frozen import frozen, replace
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Failure
from musl_audit.policy import Catalog

_ABOUT = 1 << 20  # bytes of a project: how many it has, only its reading tells


@frozen
class InspectionTarget:
    """What one examination is about: the path of a project's metadata, or that of a folder, with a slash at its end."""

    path: str
    size: int = _ABOUT


@frozen
class InstalledSettings:
    """How installed packages are examined; *homes* are home directories whose user site counts."""

    folders: tuple[str, ...] = ()  # to be looked into besides
    homes: tuple[str, ...] = ()
    jobs: int = 1
    verify_hashes: bool = False
    whole_system: bool = False  # every package of the system, too


@frozen
class Inspection:
    """How the projects that one interpreter sees are examined; another process can be sent it."""

    tree: Tree
    catalog: Catalog
    interpreter: Interpreter
    place: str = ""  # how the system is called
    verify_hashes: bool = False

    def __call__(self, wanted: InspectionTarget) -> InstalledAnswer:
        """Return the answer about a project, or about the files of a folder."""
        listing = self._listing(wanted.path)
        return with_facts(self.judge.answer, self.tree, listing, self._recurring, verify_hashes=self.verify_hashes)

    def _listing(self, metadata: str) -> Listing:
        if metadata.endswith("/"):
            return self._loose(metadata.rstrip("/") or "/")
        return self._projects.listing(metadata)

    def _loose(self, folder: str) -> Listing:
        """Return the files below *folder* that none of the projects in it claims."""
        names, _ = project_names(self.tree, folder)
        claimed = {path for name in names for path in self._projects.listing(name).paths}
        listing = files_below(self.tree, folder)
        return replace(listing, paths=tuple(path for path in listing.paths if path not in claimed))

    @cached_property
    def _recurring(self) -> RecurringFiles:
        return RecurringFiles()

    @cached_property
    def _projects(self) -> Projects:
        return Projects(self.tree)

    @cached_property
    def judge(self) -> Judge:
        """What every project is held against; made before processes fork, it is made once."""
        if self.system is None:
            raise ValueError("an interpreter that is not judged was given to the judge")
        return Judge(self.catalog, self.system, SystemFiles(self.tree), self.interpreter, self.place)

    @cached_property
    def system(self) -> System | None:
        """The system that the interpreter runs on; None where it is not one whose loader is known."""
        return system_of(self.tree, self.catalog, self.interpreter)


def system_of(tree: Tree, catalog: Catalog, interpreter: Interpreter) -> System | None:
    """Return the system that *interpreter* runs on; None where it is not one whose loader is known."""
    loader, musl, name = interpreter.loader, interpreter.musl, interpreter.arch
    if interpreter.libc is not Libc.MUSL or loader is None or musl is None or name is None:
        return None
    known = frozenset(catalog.releases_of(name))
    if musl not in known:
        return None
    try:
        path = tree.resolve(loader.path)
        exports = read_elf(tree.read(path, most=LARGEST_LOADER), path).defined
    except (PathError, ElfError):
        path, exports = loader.path, catalog.symbols(name).exports_of(musl)
    return System(catalog.arches[name], musl, known, path, exports, library_folders(tree, interpreter))


def inspect_all(
    tree: Tree,
    catalog: Catalog,
    host: Host,
    interpreters: Iterable[Interpreter],
    folders: tuple[str, ...],
    settings: InstalledSettings,
) -> tuple[Installation, ...]:
    """Return what is installed for each of *interpreters*; the first imports from *folders* as well."""
    return tuple(
        inspect(
            Inspection(tree, catalog, found, place_of(host, found, catalog), settings.verify_hashes),
            paths=(*(() if index else folders), *settings.folders),
            homes=settings.homes if tree.is_host else ("/root", *(f"/home/{name}" for name in tree.names("/home"))),
            jobs=settings.jobs,
        )
        for index, found in enumerate(interpreters)
    )


def place_of(host: Host, found: Interpreter, catalog: Catalog) -> str:
    """Return how the system is called whose musl *found* runs on; empty where another libc's programs run there."""
    is_of_host = host.loader is not None and host.loader.musl == found.musl
    return place_of_host(host, catalog) if is_of_host else ""


def place_of_host(host: Host, catalog: Catalog) -> str:
    """Return how a system on musl is called: "Alpine 3.14"; empty where the policies do not know it."""
    if host.libc is not Libc.MUSL or host.os_release is None or host.loader is None:
        return ""
    arch = catalog.arches.get(host.arch or "")
    row = known_distribution(host.os_release, catalog.distributions, bits=arch.bits if arch else None)
    return f"{row.name} {row.release}" if row is not None and row.musl == host.loader.musl else ""


def inspect(
    inspection: Inspection, *, paths: Sequence[str] = (), homes: tuple[str, ...] = (), jobs: int = 1
) -> Installation:
    """Return everything that the interpreter of *inspection* sees, and what is in the folders *paths*, judged."""
    tree, found = inspection.tree, inspection.interpreter
    version, libc = found.version or "", f"{found.libc} {found.musl or (found.loader and found.loader.release) or ''}"
    installation = Installation(found.path, version, libc.strip(), found.arch or "", ())
    if why_not := _why_not(inspection):
        return replace(installation, why_not=why_not)
    sites, notes = sites_of(tree, found, homes=homes)
    sites = (*sites, *(Site(path, "named") for path in paths))
    wanted: list[str] = []
    unread: list[str] = []
    for site in sites:
        names, faults = project_names(tree, site.path)
        wanted += names
        unread += faults
    answers: list[InstalledAnswer] = []
    wanted += (f"{path.rstrip('/')}/" for path in paths)
    items = tuple(map(InspectionTarget, dict.fromkeys(wanted)))
    if items:
        inspection.judge.prepare()
        keep_memory()
    for outcome in runner_for(items, jobs).run(inspection, items, jobs):
        match outcome:
            case Failure():
                unread.append(f"{outcome.path}: {outcome.message}")
            case InstalledAnswer(project=project) if project.origin is Origin.FILES and not outcome.binaries:
                unread += outcome.unread
            case InstalledAnswer():
                answers.append(outcome)
    return replace(installation, sites=sites, answers=tuple(answers), notes=notes, unread=tuple(unread))


def _why_not(inspection: Inspection) -> str:
    """Return why what is installed is not judged; empty where it is."""
    found = inspection.interpreter
    if found.libc is Libc.STATIC:
        return f"{found.path} is linked statically: no extension module loads, and none is judged"
    if found.libc is not Libc.MUSL:
        return f"{found.path} runs on {found.libc}: what is installed for it is not judged"
    if found.loader is not None and not found.loader.exists:
        return f"{found.path} cannot start: its loader {found.loader.path} does not exist"
    if inspection.system is None:
        release = f"musl {found.musl}" if found.musl else "a musl whose release is not known"
        return f"{found.path} runs on {release}, of which the policies know nothing: nothing is judged"
    return ""
