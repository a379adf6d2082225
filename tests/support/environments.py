"""Environments as values: interpreters as small as the rule under test needs them."""

from dataclasses import replace

from tests.support.values import X86_64, catalog, executable

from musl_audit.adapters.catalogs import PolicyDirectory, policies_directory
from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.judge import findings_of
from musl_audit.environment.kernel_headers import KernelHeaders, read_kernel_headers
from musl_audit.environment.tags import accepted_tags, platform_tags
from musl_audit.environment.values import Build, Environment, Host, Interpreter, Loader
from musl_audit.environment.wheels import Target
from musl_audit.loader.extension_suffixes import extension_suffixes
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Finding

MUSL = Loader("/lib/ld-musl-x86_64.so.1", Libc.MUSL, "1.2.3")
GLIBC = Loader("/lib64/ld-linux-x86-64.so.2", Libc.GLIBC, "2.36")
HOST = Host("/", Libc.MUSL, MUSL, "/bin/sh", "x86_64", "x86_64")


def kernel_headers() -> KernelHeaders:
    """Return the policy of the repository."""
    return read_kernel_headers(PolicyDirectory(policies_directory()))


def built(*, without: tuple[str, ...] = ()) -> Build:
    """Return a build that mentions every macro of kernel headers, and lacks some."""
    return Build(("/usr/include/pyconfig.h",), {row.macro: row.macro not in without for row in kernel_headers().macros})


def interpreter(**facts: object) -> Interpreter:
    """Return a CPython 3.12 on musl 1.2.3; ``facts`` are fields of ``Interpreter``."""
    found = Interpreter(
        "/usr/bin/python3",
        "/usr/bin/python3.12",
        executable("/usr/bin/python3.12", identity=X86_64),
        Libc.MUSL,
        MUSL,
        arch="x86_64",
        triplet="x86_64-linux-musl",
        version="3.12.4",
        soabi="cpython-312-x86_64-linux-musl",
        build=built(),
    )
    found = replace(found, **facts)  # type: ignore[arg-type]  # names of fields are checked at run time
    told = extension_suffixes(found.soabi, found.minor, triplet=found.triplet, is_free_threaded=found.is_free_threaded)
    return replace(found, suffixes=found.suffixes or told)


def on_musl(release: str) -> Loader:
    """Return the loader of musl *release*."""
    return replace(MUSL, release=release)


def target(found: Interpreter, *libraries: str, exports: frozenset[str] | None = None) -> Target:
    """Return what wheels are held against; *libraries* are on the system."""
    platforms = platform_tags(found, HOST.kernel)
    return Target(found, accepted_tags(found, platforms), platforms, set(libraries).__contains__, exports)


def findings(found: Interpreter | None, **facts: object) -> list[Finding]:
    """Return what the rules say about an interpreter; ``facts`` are fields of ``Environment``."""
    environment = replace(Environment(HOST, found), **facts)  # type: ignore[arg-type]
    return list(findings_of(EnvironmentContext(environment, catalog(), kernel_headers())))


def codes(found: Interpreter | None, **facts: object) -> list[str]:
    """Return the codes of those findings."""
    return [finding.code for finding in findings(found, **facts)]
