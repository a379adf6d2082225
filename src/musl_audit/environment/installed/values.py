"""What is installed, as values: projects, what their files say, and the answers about them."""

from enum import Enum, StrEnum
from shlex import quote

from musl_audit.frozen import frozen
from musl_audit.model import ElfFacts, MuslVersion, Problem, Report


class Origin(StrEnum):
    """How it is known which files belong to a project."""

    RECORD = "record"  # its RECORD lists them
    DATABASE = "database"  # apk's or dpkg's
    EDITABLE = "editable"  # the tree that it was installed from
    LIST = "list"  # setuptools' installed-files.txt
    FOLDER = "folder"  # nothing lists them: the folders that bear its name
    ZIP = "zip"  # an egg in one file: not looked into
    FILES = "files"  # no project: files below a folder that was named
    SYSTEM = "system"  # no project: a package of the system


@frozen
class Project:
    """One installed project; paths are absolute, inside the root."""

    name: str  # as its metadata spells it
    version: str
    folder: str  # the site-packages that it lies in
    metadata: str  # its *.dist-info or *.egg-info
    origin: Origin
    owner: str = ""  # the package URL of the system's package that brought it
    tags: tuple[str, ...] = ()  # of its WHEEL file: what was promised when it was built
    source: str = ""  # of an editable one: the folder that it was installed from

    @property
    def spelled(self) -> str:
        """Name and version, as far as there is one."""
        return f"{self.name} {self.version}" if self.version else self.name


@frozen
class ProjectFacts:
    """What the files of a project say."""

    project: Project
    elves: tuple[ElfFacts, ...] = ()  # by path, as the loader is given it
    elf_problems: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()  # listed, and not there
    changed: tuple[str, ...] = ()  # there, with another size or digest than is listed
    links: tuple[tuple[str, str], ...] = ()  # those of ``elves`` that are reached through links, and where they are
    unread: tuple[str, ...] = ()  # a sentence for each file, or list of files, that could not be read
    notes: tuple[str, ...] = ()


class Outcome(StrEnum):
    """What becomes of a file that is imported, started or opened."""

    LOADS = "loads"
    REFUSED = "refused"  # an exception, or a message of the loader
    CRASHES = "crashes"  # a signal


class Deed(Enum):
    """What a broken project does: of one, and of several."""

    CRASHES_AT_IMPORT = ("crashes at import", "crash at import")
    FAILS_TO_IMPORT = ("fails to import", "fail to import")
    CRASHES_WHEN_STARTED = ("crashes when started", "crash when started")
    DOES_NOT_START = ("does not start", "do not start")
    DOES_NOT_LOAD = ("does not load", "do not load")

    @property
    def one(self) -> str:
        """As of one."""
        return self.value[0]

    @property
    def several(self) -> str:
        """As of several."""
        return self.value[1]

    def of(self, is_several: bool) -> str:  # noqa: FBT001  # the number is what it is about
        """As of one or of several."""
        return self.several if is_several else self.one


@frozen
class FileAnswer:
    """What becomes of one file, with all that it pulls in, and the codes of the rules that say why."""

    path: str
    outcome: Outcome
    because: tuple[str, ...] = ()


@frozen
class InstalledAnswer:
    """Whether an installed project loads where it lies."""

    project: Project
    binaries: int  # ELF files that a loader would see
    loads: bool | None  # None: not judged, or only in part
    report: Report
    files: tuple[FileAnswer, ...] = ()  # what is opened or started: modules, programs, libraries that nothing needs
    sentence: str = ""  # "numpy 2.4.6 crashes at import here: …"; empty where nothing is wrong
    is_several: bool = False  # the subject is more than one
    subject: str = ""  # what the sentence begins with
    reason: str = ""  # the part behind the colon
    deed: Deed | None = None
    needed: MuslVersion | None = None  # the release that brings what is missing, as far as a release does
    is_mendable: bool = False  # `musl-audit repair` takes every obstacle out of the way
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@frozen
class Site:
    """A folder that an interpreter imports from, and why it does."""

    path: str
    reason: str  # "site-packages", "user site", "named in x.pth" …


@frozen
class Installation:
    """Everything that one interpreter sees; ``why_not`` says why it is not judged, where it is not."""

    interpreter: str  # its path
    version: str  # "3.11.2"
    libc: str  # "musl 1.2.2"
    arch: str  # as platform tags name it; empty where the policies know none
    sites: tuple[Site, ...]
    answers: tuple[InstalledAnswer, ...] = ()
    why_not: str = ""
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[InstalledAnswer, ...]:
        """What does not load."""
        return tuple(answer for answer in self.answers if answer.loads is False)

    @property
    def binaries(self) -> int:
        """How many ELF files were judged."""
        return sum(answer.binaries for answer in self.answers)


@frozen
class Asked:
    """What the run was asked, so that a command may ask the same: options as the shell wants them."""

    root: str = ""  # empty: this system
    paths: tuple[str, ...] = ()

    def words(self, python: str) -> str:
        """Return the arguments of ``musl-audit env`` that name *python*."""
        root = f" --root {quote(self.root)}" if self.root else ""
        return quote(python) + root + "".join(f" --path {quote(path)}" for path in self.paths)


NOTHING_ASKED = Asked()
