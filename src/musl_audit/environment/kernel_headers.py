"""What a Python lacks that was built without kernel headers: macros, the names they cost, and who needs those."""

from collections.abc import Iterable, Mapping

from musl_audit.environment.values import Build
from musl_audit.errors import PolicyError
from musl_audit.frozen import frozen, replace
from musl_audit.policy import PolicyFiles
from musl_audit.policy.fields import Fields

_FILE = "kernel-headers.json"


@frozen
class AffectedPackage:
    """A project that is known to need a name, and what happens without it."""

    name: str
    symptom: str


@frozen
class HeaderMacro:
    """A macro of ``pyconfig.h`` that is defined only where a kernel header was found."""

    macro: str
    header: str
    costs: tuple[str, ...]  # "socket.AF_NETLINK", "os.getrandom", "ossaudiodev"
    packages: tuple[AffectedPackage, ...] = ()
    until: tuple[int, int] | None = None  # the last version of CPython that has what it costs


@frozen
class KernelHeaders:
    """The policy about kernel headers."""

    macros: tuple[HeaderMacro, ...]
    fix: str

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that some macro costs, sorted."""
        return tuple(sorted({name for row in self.macros for name in row.costs}))

    def for_version(self, version: tuple[int, int] | None) -> "KernelHeaders":
        """Return the policy for one version of CPython: what it dropped itself is not lost."""
        rows = (
            replace(row, costs=()) if row.until is not None and version is not None and version > row.until else row
            for row in self.macros
        )
        return replace(self, macros=tuple(rows))

    def qualified(self, name: str) -> str | None:
        """
        Return the full form of a name as people say it; None where no macro decides about it.

        ``AF_NETLINK`` is ``socket.AF_NETLINK``.
        """
        if name in self.names:
            return name
        return next((full for full in self.names if full.rpartition(".")[2] == name), None)

    def missing(self, build: Build) -> tuple[HeaderMacro, ...]:
        """
        Return the macros that *build* mentions and leaves undefined.

        One that it does not mention was not asked for: CPython drops some and adds others. Where only the interpreter
        itself could be asked, a macro is taken to be undefined if none of the names that it costs is there.
        """
        return tuple(row for row in self.macros if self._is_missing(row, build))

    def examined(self, build: Build) -> tuple[HeaderMacro, ...]:
        """Return the macros about which *build* says something."""
        return tuple(row for row in self.macros if row.macro in build.macros or _asked(row, build.names))

    def has(self, name: str, build: Build) -> bool | None:
        """Return whether a qualified *name* is there; None where *build* cannot tell."""
        if name in build.names:
            return build.names[name]
        known = [build.macros[row.macro] for row in self.macros if name in row.costs and row.macro in build.macros]
        return all(known) if known else None

    def _is_missing(self, row: HeaderMacro, build: Build) -> bool:
        if row.macro in build.macros:
            return not build.macros[row.macro]
        asked = _asked(row, build.names)
        return bool(asked) and not any(build.names[name] for name in asked)


def read_kernel_headers(files: PolicyFiles) -> KernelHeaders:
    """Return the policy about kernel headers; raise ``PolicyError`` where it is malformed."""
    fields = Fields(files.read(_FILE), _FILE)
    macros = tuple(_macro(row) for row in fields.rows("macros"))
    if len({row.macro for row in macros}) != len(macros):
        raise PolicyError(f"{_FILE}: a macro occurs twice")
    return KernelHeaders(macros, fields.text("fix"))


def lost_names(rows: Iterable[HeaderMacro]) -> tuple[str, ...]:
    """Return the names that *rows* cost, those of whole socket families and functions before their lesser constants."""
    names = {name for row in rows for name in row.costs}
    return tuple(sorted(names, key=lambda name: (_is_lesser(name), name)))


def _is_lesser(name: str) -> bool:
    base = name.rpartition(".")[2]
    return base.isupper() and not base.startswith("AF_")


def _asked(row: HeaderMacro, names: Mapping[str, bool]) -> list[str]:
    return [name for name in row.costs if name in names and "." in name]


def _macro(fields: Fields) -> HeaderMacro:
    packages = (AffectedPackage(row.text("name"), row.text("symptom")) for row in fields.rows("packages"))
    until = fields.optional_text("until")
    return HeaderMacro(
        fields.text("macro"),
        fields.text("header"),
        tuple(fields.texts("costs")),
        tuple(packages),
        _version(until, fields.where) if until is not None else None,
    )


def _version(text: str, where: str) -> tuple[int, int]:
    major, dot, minor = text.partition(".")
    if not (dot and major.isdigit() and minor.isdigit()):
        raise PolicyError(f"{where}: {text!r} is no version of CPython")
    return int(major), int(minor)
