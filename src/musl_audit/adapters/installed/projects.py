"""What is installed in a folder of packages: each ``*.dist-info`` and ``*.egg-info``, and which files are its own."""

from collections.abc import Iterable, Iterator

from musl_audit.adapters.installed.walk import elf_candidates, is_candidate
from musl_audit.adapters.packages import Packages
from musl_audit.adapters.tree import Entry, PathError, Tree
from musl_audit.environment.installed.values import Origin, Project
from musl_audit.frozen import frozen, replace
from musl_audit.wheel.dist_info import header_fields, parse_wheel_file
from musl_audit.wheel.names import normalized_project
from musl_audit.wheel.record import LARGEST_RECORD, Record, parse_record

_LARGEST_METADATA = 16 << 20
_MOST_ROWS = 400_000  # of one RECORD, all of which are kept
_DESCRIBING = frozenset({"METADATA", "WHEEL", "RECORD", "INSTALLER", "REQUESTED"})  # of a project, in its *.dist-info
_DIST_INFO, _EGG_INFO, _EGG, _EGG_LINK = ".dist-info", ".egg-info", ".egg", ".egg-link"


@frozen
class Listing:
    """
    The files of a project that a loader might be given, and where the list is from.

    ``rows`` maps paths to what ``RECORD`` calls them; ``missing`` are listed and not there.
    """

    project: Project
    paths: tuple[str, ...] = ()
    rows: dict[str, str] | None = None
    record: Record | None = None
    missing: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def project_names(tree: Tree, site: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths of all metadata in the folder *site*, by name, and a sentence where it could not be read."""
    try:
        entries = tree.entries(tree.resolve(site))
    except PathError as error:
        return (), (str(error),)
    wanted = (_DIST_INFO, _EGG_INFO, _EGG, _EGG_LINK)
    # pip renames what it is about to remove to ~name; what an interrupted run left is not installed.
    names = (name for name in sorted(entries) if name.endswith(wanted) and not name.startswith("~"))
    return tuple(f"{site.rstrip('/')}/{name}" for name in names), ()


class Projects:
    """The projects of one system, read one at a time."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._packages = Packages(tree)
        self._folders: dict[str, dict[str, Entry]] = {}

    def listing(self, metadata: str) -> Listing:
        """Return what the project described at the path *metadata* is, and its files."""
        site, _, base = metadata.rpartition("/")
        try:
            is_folder = self._tree.is_folder(metadata)
            if base.endswith(_EGG_LINK):
                return self._egg_link(metadata, site, base)
            if base.endswith(_EGG):
                return self._egg(metadata, site, base, is_folder=is_folder)
            if base.endswith(_DIST_INFO) and not is_folder:
                project = _named(base, site, metadata, Origin.FOLDER)
                return Listing(project, unread=(f"{metadata}: not a folder",))
            return self._described(metadata, site, base, is_folder=is_folder)
        except PathError as error:
            return Listing(_named(base, site, metadata, Origin.FOLDER), unread=(str(error),))
        finally:
            self._folders.clear()

    # --- What it is

    def _described(self, metadata: str, site: str, base: str, *, is_folder: bool) -> Listing:
        about = f"{metadata}/METADATA" if base.endswith(_DIST_INFO) else f"{metadata}/PKG-INFO"
        name, version = self._name(about if is_folder else metadata, base)
        project = Project(name, version, site, metadata, Origin.FOLDER)
        if not is_folder:
            return self._without_record(project)
        project = _with(project, tags=self._tags(metadata))
        if source := self._editable(metadata):
            return self._edited(_with(project, origin=Origin.EDITABLE, source=source))
        if base.endswith(_DIST_INFO) and self._tree.exists(f"{metadata}/RECORD"):
            return self._recorded(_with(project, origin=Origin.RECORD))
        if self._tree.exists(f"{metadata}/installed-files.txt"):
            return self._listed(_with(project, origin=Origin.LIST))
        return self._without_record(project)

    def _name(self, path: str, base: str) -> tuple[str, str]:
        """Return name and version as the metadata says, else as the folder is called."""
        fallback = _split(base)
        try:
            data = self._tree.read(path, most=_LARGEST_METADATA)
        except PathError:
            return fallback
        fields: dict[str, str] = {}
        for key, value in header_fields(data.partition(b"\n\n")[0].decode("utf-8", "replace")):
            fields.setdefault(key, value)
            if "name" in fields and "version" in fields:  # as the first of many
                break
        return fields.get("name") or fallback[0], fields.get("version") or fallback[1]

    def _tags(self, metadata: str) -> tuple[str, ...]:
        try:
            return parse_wheel_file((), self._tree.read(f"{metadata}/WHEEL", most=_LARGEST_METADATA)).tags
        except PathError:
            return ()

    # --- Whose files are listed

    def _recorded(self, project: Project) -> Listing:
        path = f"{project.metadata}/RECORD"
        try:
            record = parse_record(self._tree.read(path, most=LARGEST_RECORD), most=_MOST_ROWS)
        except PathError as error:
            return Listing(project, unread=(str(error),))
        unread = tuple(f"{path}: {problem.detail}" for problem in record.problems if _is_incomplete(problem.kind))
        if not record.rows and not unread:
            without = self._without_record(project)
            return _noted(without, f"{path} is empty")
        folder = project.folder
        rows = {
            self._place(folder, row) if row.startswith("../") else _joined(folder, row): row
            for row in record.rows
            if not row.endswith("/")
        }
        listing = self._sorted(project, rows)
        return Listing(project, listing.paths, rows, record, listing.missing, (*unread, *listing.unread))

    def _place(self, folder: str, row: str) -> str:
        """Return where a row of ``RECORD`` that climbs lies; ``pip install --target`` moves what it climbs for."""
        path = _joined(folder, row)
        moved = _joined(folder, row.lstrip("./"))
        return moved if not self._tree.exists(path) and self._tree.exists(moved) else path

    def _listed(self, project: Project) -> Listing:
        text = self._tree.text(f"{project.metadata}/installed-files.txt", most=LARGEST_RECORD)
        lines = dict.fromkeys(filter(None, (line.strip() for line in text.splitlines())))
        return self._sorted(project, {_joined(project.metadata, line): line for line in lines})

    def _sorted(self, project: Project, rows: Iterable[str]) -> Listing:
        """Return *rows*, absolute paths, told apart: what a loader might be given, and what is not there."""
        candidates, missing, unread = [], [], dict[str, None]()
        here, entries = None, None
        for path in rows:
            folder, _, name = path.rpartition("/")
            if folder != here:  # most rows follow others of their folder
                here, entries = folder, self._entries_if(folder, unread)
            if entries is None:
                continue
            entry = entries.get(name)
            if entry is None or (entry is Entry.LINK and not self._tree.exists(path)):
                missing += [path] if "\0" not in path else []
            elif entry is not Entry.OTHER and is_candidate(name):
                candidates += [path] if name not in _DESCRIBING or folder != project.metadata else []
        return Listing(project, tuple(candidates), None, None, tuple(sorted(missing)), tuple(unread))

    def _entries_if(self, folder: str, unread: dict[str, None]) -> dict[str, Entry] | None:
        """Return what is in *folder*; None, and a sentence in *unread*, where that cannot be told."""
        try:
            return self._entries(folder)
        except PathError as error:
            unread[str(error)] = None
            return None

    def _entries(self, folder: str) -> dict[str, Entry]:
        """Return what is in *folder*, wherever links lead; empty where there is no such folder."""
        if folder not in self._folders:
            try:
                # Below another root, no link may lead out of it; of this system, the kernel follows them.
                real = folder if self._tree.is_host and folder else self._tree.resolve(folder or "/")
            except PathError:
                self._folders[folder] = {}
            else:
                self._folders[folder] = self._tree.entries(real)
        return self._folders[folder]

    # --- Whose files are not

    def _without_record(self, project: Project) -> Listing:
        """Return the files that the system's package database lists, else those in the folders that bear its name."""
        described = project.metadata
        if self._tree.is_folder(described):
            inside = next(iter(self._tree.names(described)), "")
            described = f"{described}/{inside}"
        if owner := self._packages.owner_of(self._real(described)):
            owned = self._packages.files_of(owner)
            of_package = _with(project, origin=Origin.DATABASE, owner=owner)
            return self._sorted(of_package, (path for path in owned if path.startswith("/")))
        tops = self._tops(project)
        found, unread = list[str](), list[str]()
        for top in tops:
            paths, faults = elf_candidates(self._tree, top)
            found += paths
            unread += faults
        note = "no RECORD: its folders were walked" if tops else "no RECORD, and no folder bears its name"
        return Listing(project, tuple(found), unread=tuple(unread), notes=(note,))

    def _tops(self, project: Project) -> list[str]:
        """Return the folders and modules that ``top_level.txt`` names, else those called as the project is."""
        try:
            text = self._tree.text(f"{project.metadata}/top_level.txt", most=_LARGEST_METADATA)
        except PathError:
            text = ""
        plain = (line.strip() for line in text.splitlines())
        wanted = {line for line in plain if line and line not in (".", "..")} or {project.name}
        names = {normalized_project(name) for name in wanted}
        entries = self._entries(project.folder)
        return [
            f"{project.folder}/{name}"
            for name, entry in sorted(entries.items())
            if not name.endswith((_DIST_INFO, _EGG_INFO, _EGG))
            and normalized_project(name.partition(".")[0]) in names
            and entry is not Entry.OTHER
        ]

    def _editable(self, metadata: str) -> str | None:
        """Return the folder that a project was installed from for editing (PEP 610), None where it was not."""
        if "direct_url.json" not in self._entries(metadata):
            return None
        import json
        from urllib.parse import unquote, urlsplit

        try:
            told = json.loads(self._tree.text(f"{metadata}/direct_url.json", most=_LARGEST_METADATA))
            url = urlsplit(told["url"]) if told["dir_info"]["editable"] else None
        except (PathError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return unquote(url.path) if url is not None and url.scheme == "file" and url.path.startswith("/") else None

    def _edited(self, project: Project) -> Listing:
        """Return the binaries of an editable installation: in the tree it was made from, and what RECORD lists."""
        recorded = self._recorded(project) if self._tree.exists(f"{project.metadata}/RECORD") else Listing(project)
        paths, unread = elf_candidates(self._tree, project.source)
        note = f"editable: the binaries below {project.source}"
        if not self._tree.is_folder(project.source):
            note, unread = f"editable, and {project.source} is not here", ()
        return Listing(
            project,
            tuple(dict.fromkeys((*recorded.paths, *paths))),
            recorded.rows,
            recorded.record,
            recorded.missing,
            (*recorded.unread, *unread),
            (note,),
        )

    def _egg_link(self, metadata: str, site: str, base: str) -> Listing:
        lines = self._tree.text(metadata, most=_LARGEST_METADATA).splitlines()
        source = lines[0].strip() if lines else ""
        name = base.removesuffix(_EGG_LINK)
        if not source.startswith("/"):
            return Listing(
                Project(name, "", site, metadata, Origin.EDITABLE), notes=("an egg-link that names no folder",)
            )
        return self._edited(Project(name, "", site, metadata, Origin.EDITABLE, source=source))

    def _egg(self, metadata: str, site: str, base: str, *, is_folder: bool) -> Listing:
        if not is_folder:
            note = "an egg in one file: not looked into"
            return Listing(_named(base, site, metadata, Origin.ZIP), notes=(note,))
        name, version = self._name(f"{metadata}/EGG-INFO/PKG-INFO", base)
        paths, unread = elf_candidates(self._tree, metadata)
        return Listing(Project(name, version, site, metadata, Origin.FOLDER), paths, unread=unread)

    def _real(self, path: str) -> str:
        try:
            return self._tree.resolve(path)
        except PathError:
            return path


def files_below(tree: Tree, folder: str) -> Listing:
    """Return every file below *folder* that a loader might be given, as if it were one project."""
    paths, unread = elf_candidates(tree, folder)
    return Listing(Project(folder, "", folder, folder, Origin.FILES), paths, unread=unread)


def _joined(folder: str, row: str) -> str:
    """
    Return the path that a row of ``RECORD`` means, whatever it climbs over: never above the root.

    >>> _joined("/usr/lib/python3.12/site-packages", "../../../bin/f2py")
    '/usr/bin/f2py'
    """
    if not row.startswith(("/", ".")) and "/." not in row and "//" not in row:
        return f"{folder}/{row}"  # as nearly all are
    parts: list[str] = []
    for part in (row if row.startswith("/") else f"{folder}/{row}").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _split(base: str) -> tuple[str, str]:
    """
    Return project and version as the name of a folder of metadata says.

    >>> _split("numpy-2.4.6.dist-info"), _split("six-1.16.0-py3.12.egg-info"), _split("demo.egg-link")
    (('numpy', '2.4.6'), ('six', '1.16.0'), ('demo', ''))
    """
    stem = base.rpartition(".")[0]
    name, _, rest = stem.partition("-")
    return name, rest.partition("-")[0]


def _named(base: str, site: str, metadata: str, origin: Origin) -> Project:
    name, version = _split(base)
    return Project(name, version, site, metadata, origin)


def _with(
    project: Project,
    *,
    origin: Origin | None = None,
    owner: str = "",
    tags: tuple[str, ...] = (),
    source: str = "",
) -> Project:
    return replace(
        project,
        origin=origin or project.origin,
        owner=owner or project.owner,
        tags=tags or project.tags,
        source=source or project.source,
    )


def _noted(listing: Listing, note: str) -> Listing:
    return replace(listing, notes=(*listing.notes, note))


def _is_incomplete(kind: str) -> bool:
    return kind == "malformed-record"


def names_twice(projects: Iterable[Project]) -> Iterator[tuple[Project, ...]]:
    """Yield the projects of which there is more than one in the same folder."""
    groups: dict[tuple[str, str], list[Project]] = {}
    for project in projects:
        groups.setdefault((project.folder, normalized_project(project.name)), []).append(project)
    yield from (tuple(group) for group in groups.values() if len(group) > 1)
