"""The nouns of musl-audit: frozen values, free of behaviour that needs the world."""

from collections.abc import Callable
from enum import StrEnum
from typing import Literal

from musl_audit.frozen import derived, frozen, frozen_in_parts, frozen_ordered

# --- Releases -------------------------------------------------------------------------------------


@frozen_ordered
class MuslVersion:
    """
    One release of musl; the patch level matters: ``qsort_r`` came in 1.2.3, ``statx`` in 1.2.5.

    >>> MuslVersion.parse("1.2.10") > MuslVersion(1, 2, 9)
    True
    """

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> "MuslVersion":
        """Return the release that *text* names as ``X.Y.Z``; raise ``ValueError`` if it names none."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError(f"not a musl release: {text!r}")
        return cls(int(parts[0]), int(parts[1]), int(parts[2]))

    @property
    def series(self) -> str:
        """``X.Y``, what a musllinux tag can say."""
        return f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


Releases = frozenset[MuslVersion]

# --- Facts: what the bytes of a wheel say, whatever the policy or the host ---------------------------


class ElfKind(StrEnum):
    """What an ELF file is for, told from its headers, dynamic section and exports."""

    EXTENSION = "extension"  # exports PyInit_*
    LIBRARY = "library"
    EXECUTABLE = "executable"  # dynamic: names an interpreter
    STATIC_EXECUTABLE = "static-executable"  # static or static-PIE
    RELOCATABLE = "relocatable"  # ET_REL: an object file
    CORE = "core"


Bits = Literal[32, 64]
ByteOrder = Literal["little", "big"]
FloatAbi = Literal["hard", "soft"]


@frozen
class ElfIdentity:
    """What the ELF header says about the machine: enough to find the architecture in the policies."""

    machine: int  # e_machine
    bits: Bits
    byte_order: ByteOrder
    flags: int = 0  # e_flags


@frozen
class Symbol:
    """An undefined symbol of a dynamic symbol table."""

    name: str
    is_weak: bool = False
    type: str = "notype"  # notype, object, func, tls, common, ifunc
    is_referenced: bool = True  # a relocation refers to it: the loader looks up only those


@frozen
class VersionNeed:
    """A version that a file asks of a library, such as ``GLIBC_2.17`` of ``libc.so.6``; musl ignores these."""

    library: str
    version: str


class FaultKind(StrEnum):
    """What is wrong with an image that the loader does not check, and dies of or refuses."""

    NO_DYNAMIC_SECTION = "no-dynamic-section"
    HASH_TABLE = "hash-table"
    ODD_TABLE_SIZE = "odd-table-size"  # no multiple of its entries: the loader runs on behind the end
    RELOCATION_TARGET = "relocation-target"
    RELRO = "relro"
    CODE = "code"  # INIT, or an entry of INIT_ARRAY
    THREAD_LOCAL_IMAGE = "thread-local-image"
    MISPLACED_SEGMENT = "misplaced-segment"  # offset and address disagree within the page
    OVERLAPPING_SEGMENTS = "overlapping-segments"
    EXIT_CODE = "exit-code"  # FINI, or an entry of FINI_ARRAY: called when the process ends


@frozen
class Fault:
    """One of these, with the address in the file's own terms at which the loader comes upon it."""

    kind: FaultKind
    address: int = 0


@frozen_in_parts
class ElfFacts:
    """
    What one ELF file says about itself; never its bytes.

    ``defined`` holds only what musl's loader accepts as a definition: global, weak or unique binding; notype, object,
    func, common or tls type; a value other than 0 (tls excepted); the versym hidden bit clear.
    ``initial_exec`` names the symbols of initial-exec TLS relocations, ``""`` for one against the file itself;
    ``thread_local`` those of all TLS relocations for which the loader asks which file defines them.
    """

    path: str  # the member's name in the archive
    kind: ElfKind
    identity: ElfIdentity
    soname: str | None = None
    interpreter: str | None = None  # PT_INTERP
    needed: tuple[str, ...] = ()  # in file order
    rpath: str | None = None
    runpath: str | None = None
    undefined: tuple[Symbol, ...] = ()  # in the order of the symbol table
    defined: frozenset[str] = frozenset()
    referenced_definitions: frozenset[str] = frozenset()  # defined here, and a relocation here refers to them
    copied: frozenset[str] = frozenset()  # targets of COPY relocations
    hidden_versions: frozenset[str] = frozenset()  # defined only with the hidden bit: foo@V1 without foo@@V2
    ifuncs: frozenset[str] = frozenset()  # exported STT_GNU_IFUNC definitions
    version_needs: tuple[VersionNeed, ...] = ()
    version_definitions: tuple[str, ...] = ()
    relocation_types: frozenset[int] = frozenset()  # all but 0; RELATIVE included where one is read
    initial_exec: frozenset[str] = frozenset()
    initial_exec_slots: int = 0  # relocations that ask for a distance from the thread pointer
    is_tls_rewritten: bool = False  # by a repair: thread-local accesses are right from musl 1.1.22 on
    thread_local: frozenset[str] = frozenset()
    packed_relocations: int = 0  # bytes of the DT_RELR table
    has_hash_table: bool = True  # DT_HASH or DT_GNU_HASH
    zero_length_segments: int = 0  # PT_LOAD of no length that musl < 1.2.3 refuses to map
    is_stack_executable: bool = False
    has_text_relocations: bool = False
    isa_needed: int = 0  # GNU_PROPERTY_X86_ISA_1_NEEDED
    arm_float_abi: FloatAbi | None = None  # None: the file does not say
    page_congruence: int = 65536  # largest power of two modulo which each segment's offset and address agree
    faults: tuple[Fault, ...] = ()  # the first that the loader comes upon, and what follows when the process ends

    @derived
    def imported(self) -> frozenset[str]:
        """The undefined symbols that the loader looks up."""
        return frozenset([symbol.name for symbol in self.undefined if symbol.is_referenced])

    @derived
    def required(self) -> frozenset[str]:
        """Those of them that the loader must find: all that are not weak, and thread-local ones."""
        names = [item.name for item in self.undefined if item.is_referenced and not item.is_weak]
        return frozenset(names) | (self.thread_local & self.imported)

    @derived
    def required_beyond(self) -> Callable[[frozenset[str]], frozenset[str]]:
        """What returns those of ``required`` that are not among the names it is given."""
        return self.required.difference

    @derived
    def select_imported(self) -> Callable[[frozenset[str]], tuple[Symbol, ...]]:
        """What returns those symbols that the loader looks up and that have one of the names it is given."""
        return lambda names: tuple([item for item in self.undefined if item.name in names and item.is_referenced])

    @derived
    def select_defined(self) -> Callable[[frozenset[str]], frozenset[str]]:
        """What returns those of the names it is given that are in ``defined``, of which not all need be made."""
        return self.defined.intersection

    @derived
    def unaccepted(self) -> frozenset[str]:
        """What is defined here in a form that the loader does not accept, and referred to here."""
        return self.referenced_definitions - self.defined

    @property
    def is_dynamic(self) -> bool:
        """Whether musl's dynamic loader would ever see it."""
        return self.kind in (ElfKind.EXTENSION, ElfKind.LIBRARY, ElfKind.EXECUTABLE)


@frozen
class Member:
    """One entry of the archive's central directory."""

    name: str
    size: int  # bytes, as declared
    compressed_size: int
    crc: int
    mode: int = 0  # Unix permission and type bits, 0 where the archive has none
    is_directory: bool = False


class WheelKind(StrEnum):
    """What the platform tags of a wheel make it: of several families, the one that musl-audit can say most about."""

    MUSLLINUX = "musllinux"
    MANYLINUX = "manylinux"
    LINUX = "linux"
    ANY = "any"
    OTHER = "other"
    FILE = "file"  # an ELF file by itself


@frozen
class WheelName:
    """What the file name says, expanded: ``py2.py3`` is two Python tags."""

    distribution: str
    version: str
    build: str | None
    python_tags: tuple[str, ...]
    abi_tags: tuple[str, ...]
    platform_tags: tuple[str, ...]

    def __str__(self) -> str:
        parts = [self.distribution, self.version, *([self.build] if self.build else [])]
        tags = (".".join(tags) for tags in (self.python_tags, self.abi_tags, self.platform_tags))
        return "-".join([*parts, *tags]) + ".whl"


class ProblemKind(StrEnum):
    """What a problem is about; rules select by it."""

    # of the archive
    BEYOND_LIMIT = "beyond-limit"
    CONTROL_CHARACTER = "control-character"
    DEFLATE_TAIL = "deflate-tail"
    DUPLICATE_FOLDED = "duplicate-folded"
    DUPLICATE_MEMBER = "duplicate-member"
    DUPLICATE_PATH = "duplicate-path"
    ENCRYPTED = "encrypted"
    EXTRA_DATA = "extra-data"
    FOREIGN_DATA = "foreign-data"
    HEADER_MISMATCH = "header-mismatch"
    HIDDEN_MEMBER = "hidden-member"
    NAME_ENCODING = "name-encoding"
    OVERLAP = "overlap"
    SPECIAL_FILE = "special-file"
    TRAILING_DATA = "trailing-data"
    UNICODE_PATH = "unicode-path"
    UNKNOWN_SCHEME = "unknown-scheme"
    UNSAFE_PATH = "unsafe-path"
    UNSUPPORTED_COMPRESSION = "unsupported-compression"
    UNUSUAL_COMPRESSION = "unusual-compression"
    WRONG_CONTENT = "wrong-content"
    # of RECORD
    DUPLICATE_ROW = "duplicate-row"
    MALFORMED_RECORD = "malformed-record"
    MALFORMED_ROW = "malformed-row"
    MISSING_DIGEST = "missing-digest"
    MISSING_MEMBER = "missing-member"
    MISSING_RECORD = "missing-record"
    UNKNOWN_DIGEST = "unknown-digest"
    UNLISTED_MEMBER = "unlisted-member"
    WEAK_DIGEST = "weak-digest"
    WRONG_DIGEST = "wrong-digest"
    WRONG_SIZE = "wrong-size"
    # of a member
    UNREADABLE_ELF = "unreadable-elf"


@frozen
class Problem:
    """Something wrong with the archive or its metadata, found while reading; ``detail`` is for people."""

    kind: ProblemKind
    members: tuple[str, ...] = ()
    detail: str = ""


@frozen
class WheelMetadata:
    """What ``*.dist-info`` says: its directories, and the fields of ``WHEEL`` that matter here."""

    dist_infos: tuple[str, ...] = ()  # directory names, without a slash
    tags: tuple[str, ...] = ()  # the Tag: lines, as written
    root_is_purelib: bool | None = None
    has_wheel_file: bool = True
    wheel_version: str | None = "1.0"  # None: WHEEL does not say
    has_metadata_file: bool = True


@frozen
class WheelFacts:
    """All that musl-audit reads from a wheel: a function of the file's name and bytes."""

    filename: str
    name: WheelName | None  # None: the file name is not a wheel's
    sha256: str
    size: int
    members: tuple[Member, ...] = ()  # in archive order
    elves: tuple[ElfFacts, ...] = ()  # sorted by path
    metadata: WheelMetadata = WheelMetadata()
    archive_problems: tuple[Problem, ...] = ()
    record_problems: tuple[Problem, ...] = ()
    unread: tuple[str, ...] = ()  # members of whose bytes nothing is known: encrypted, damaged, beyond a limit
    elf_problems: tuple[Problem, ...] = ()  # members that begin like ELF and cannot be read
    is_alone: bool = False  # no wheel: an ELF file, with those beside it that its search paths lead to


# --- Answers of the loader model ------------------------------------------------------------------------


@frozen
class InWheel:
    """Another file of the wheel provides it; ``path`` is that member."""

    path: str


@frozen
class FromLibc:
    """musl provides it on these releases, which may be none of those that are promised."""

    releases: Releases


@frozen
class FromInterpreter:
    """Python itself provides it."""


@frozen
class Allowed:
    """A library that every system is allowed to be asked for provides it."""

    library: str


@frozen
class Excluded:
    """A library that the user said will be there may provide it; ``glob`` is how the user said so."""

    libraries: tuple[str, ...]
    glob: str = ""


@frozen
class Outside:
    """A library that is not in the wheel and not allowed may provide it, if it is there."""

    libraries: tuple[str, ...]


@frozen
class Unreachable:
    """A member of the wheel has the name, but no search path leads there."""

    paths: tuple[str, ...]


@frozen
class Unknown:
    """It cannot be told from the wheel: a path leads from one installation tree into another."""

    reason: str


@frozen
class Nobody:
    """Nothing provides it on any release."""


Provider = InWheel | FromLibc | FromInterpreter | Allowed | Excluded | Outside | Unreachable | Unknown | Nobody

# --- Findings and reports -------------------------------------------------------------------------------


class Severity(StrEnum):
    """How much a finding weighs; ``error`` breaks the promise of a tag."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note, 1 for a warning, 2 for an error."""
        return ("note", "warning", "error").index(self)


class FixKind(StrEnum):
    """What mends a finding, named by the action that does it."""

    MANUAL = "manual"  # only whoever builds the wheel can
    ADD_POLYFILL = "polyfill"
    CLEAR_EXECUTABLE_STACK = "clear-executable-stack"
    CORRECT_ROOT = "correct-root"
    DROP_BUNDLED_LIBC = "drop-bundled-libc"
    DROP_NEEDED = "drop-needed"
    DROP_ZERO_LENGTH_SEGMENTS = "drop-zero-length-segments"
    GRAFT = "graft"
    RENAME_EXTENSION = "rename-extension"
    REWRITE_THREAD_LOCALS = "rewrite-thread-locals"
    SET_RUNPATH = "set-runpath"
    UNPACK_RELOCATIONS = "unpack-relocations"
    WRITE_RECORD = "write-record"
    WRITE_TAGS = "write-tags"


@frozen
class Fix:
    """What would mend a finding; ``automatic`` if ``musl-audit repair`` does it."""

    kind: FixKind
    automatic: bool = False
    command: str = ""  # what to run, where the hint does not say it: "run `{repair}`"

    def advice(self, hint: str, repair: str = "musl-audit repair") -> str:
        """Return *hint* with the command that mends this before it; *repair* is that of one wheel, or of any."""
        return f"{self.command.format(repair=repair)}, or {hint}" if self.command and hint else hint


@frozen
class Statement:
    """
    What a rule saw in a wheel; the files and symbols that share one fact are grouped.

    ``fails_on`` holds *every* known release on which the files do not load because of this, promised or not. Empty: no
    release decides about it.
    """

    code: str
    name: str
    severity: Severity
    message: str
    hint: str = ""  # the way out beside the command of the fix
    members: tuple[str, ...] = ()  # sorted
    symbols: tuple[str, ...] = ()  # sorted
    libraries: tuple[str, ...] = ()  # sonames, sorted
    fails_on: Releases = frozenset()
    fix: Fix | None = None


@frozen
class Finding:
    """
    What a statement means for the promise of a wheel's tags: the judge makes it.

    ``fails_on`` holds the promised releases only, ``impact`` says who is hit. Empty: no release decides about it.
    """

    code: str
    name: str
    severity: Severity
    message: str
    hint: str = ""  # the way out beside the command of the fix
    members: tuple[str, ...] = ()  # sorted
    symbols: tuple[str, ...] = ()  # sorted
    libraries: tuple[str, ...] = ()  # sonames, sorted
    fails_on: Releases = frozenset()
    fixed_since: MuslVersion | None = None  # the release from which on none of the known ones fails
    tags: tuple[str, ...] = ()  # the claimed platform tags concerned
    impact: str = ""  # "fails on musl 1.2.2–1.2.3: Alpine 3.13–3.17"
    fix: Fix | None = None

    @property
    def is_mendable(self) -> bool:
        """Whether ``musl-audit repair`` does away with it."""
        return self.fix is not None and self.fix.automatic

    @property
    def sentence(self) -> str:
        """The message and its impact."""
        return f"{self.message}; {self.impact}" if self.impact else self.message

    @property
    def advice(self) -> str:
        """The hint, with the command that mends this before it."""
        return self.fix.advice(self.hint) if self.fix else self.hint


@frozen
class Claim:
    """A platform tag of the wheel, what it promises, and whether the wheel keeps it."""

    tag: str
    series: str | None = None  # "1.2"; None where the tag is not musllinux
    arch: str | None = None
    floor: MuslVersion | None = None  # None: cannot be judged
    floor_source: str = ""  # "policy", "--floor 1.2.4", the configuration's file …
    kept: bool | None = None  # None: cannot be judged
    broken_on: Releases = frozenset()
    exists: bool = True  # False: there never was such a series


@frozen
class Evidence:
    """Why the wheel fails on some releases: the finding's code, members and symbols."""

    fails_on: Releases
    code: str
    members: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()


@frozen
class DistributionAnswer:
    """Whether the wheel loads on a distribution; ``because`` is an index into the verdict's evidence."""

    id: str
    name: str
    release: str
    musl: MuslVersion
    supported_until: str | None  # ISO date; None: not known, or rolling
    loads: bool | None  # None: not known
    because: int | None = None


class LibraryStatus(StrEnum):
    """Where a library comes from that a wheel needs from outside."""

    ALLOWED = "allowed"  # every system has it, or may be asked for it
    EXCLUDED = "excluded"  # the user brings it
    INTERPRETER = "interpreter"
    LIBC = "libc"
    MISSING = "missing"
    UNKNOWN = "unknown"  # a path leads from one installation tree into another
    UNREACHABLE = "unreachable"  # it is in the wheel, and no search path leads there


@frozen
class ExternalLibrary:
    """A library that the wheel needs from outside."""

    soname: str
    status: LibraryStatus
    needed_by: tuple[str, ...]
    excluded_by: str | None = None  # the glob of --exclude


class Loads(StrEnum):
    """On how many of the known releases every binary of the wheel loads and starts."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"


@frozen
class Verdict:
    """
    The answer for one wheel on one architecture.

    ``known`` are the releases that the policies know for the architecture, ``loads_on`` those on which every binary of
    the wheel loads and starts; ``required_musl`` is the lowest from which all later known ones load.
    """

    arch: str | None
    known: tuple[MuslVersion, ...] = ()  # ascending
    loads: Loads = Loads.UNKNOWN
    loads_on: Releases = frozenset()
    required_musl: MuslVersion | None = None
    decided_by: tuple[Evidence, ...] = ()
    distributions: tuple[DistributionAnswer, ...] = ()
    earned_tags: tuple[str, ...] = ()


class Brings(StrEnum):
    """What a wheel has for a loader."""

    DYNAMIC = "dynamic"  # or what might be, but could not be read
    STATIC = "static"  # programs that need no loader, and nothing else
    NOTHING = "nothing"


@frozen
class Report:
    """The outcome for a wheel that could be examined."""

    path: str
    filename: str
    sha256: str
    name: WheelName | None
    kind: WheelKind
    claims: tuple[Claim, ...]
    verdict: Verdict
    findings: tuple[Finding, ...] = ()  # by code, then members
    external_libraries: tuple[ExternalLibrary, ...] = ()  # by soname
    brings: Brings = Brings.DYNAMIC


@frozen
class Failure:
    """The outcome for a wheel that could not be examined: a row, never a stopped run."""

    path: str
    code: str
    message: str


@frozen
class Skip:
    """An input that musl-audit has nothing to say about; reason: sdist, pure, manylinux, macosx …"""

    path: str
    reason: str


Outcome = Report | Failure | Skip
