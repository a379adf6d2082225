"""Which libc a system is: by what its own programs ask for."""

from pathlib import Path

import pytest
from tests.support.roots import (
    GLIBC_LOADER,
    MUSL_LOADER,
    Root,
    alpine,
    debian,
    glibc_program,
    musl_loader,
    musl_program,
    static_program,
)
from tests.support.values import catalog

from musl_audit.adapters.interpreter.host import read_host
from musl_audit.adapters.tree import Tree
from musl_audit.environment.values import Host
from musl_audit.loader.libc_names import Libc


def host_of(root: Root) -> Host:
    """Return what is told about *root*."""
    return read_host(Tree(str(root.path)), catalog())


def told(root: Root) -> tuple[Libc, str | None, str | None]:
    """Return libc, release and the program that told."""
    host = host_of(root)
    return host.libc, host.loader.release if host.loader else None, host.told_by


@pytest.mark.parametrize("release", ["1.2.2", "1.2.3", "1.2.5"])
def test_alpine_is_musl(tmp_path: Path, release: str) -> None:
    """Through absolute links into busybox; the release is the loader's own."""
    assert told(alpine(tmp_path, release)) == (Libc.MUSL, release, "/bin/sh")


def test_debian_is_glibc(tmp_path: Path) -> None:
    """``/bin`` is a link there."""
    assert told(debian(tmp_path)) == (Libc.GLIBC, "2.36", "/bin/sh")


def test_musl_that_is_installed_on_debian_changes_nothing(tmp_path: Path) -> None:
    """No program of the system asks for it."""
    root = debian(tmp_path).file(MUSL_LOADER, musl_loader("1.2.3"))

    host = host_of(root)

    assert (host.libc, [(loader.libc, loader.release) for loader in host.others]) == (
        Libc.GLIBC,
        [(Libc.MUSL, "1.2.3")],
    )


def test_glibc_that_is_installed_on_alpine_changes_nothing(tmp_path: Path) -> None:
    """gcompat, or glibc itself."""
    host = host_of(alpine(tmp_path).file(GLIBC_LOADER, b"\x7fELF libgcompat.so.0\0"))

    assert (host.libc, [loader.libc for loader in host.others]) == (Libc.MUSL, [Libc.GLIBC])


def test_a_script_is_passed_by(tmp_path: Path) -> None:
    """Some systems wrap their shell."""
    root = alpine(tmp_path).without("/bin/sh").file("/bin/sh", "#!/bin/busybox sh\n")

    assert told(root)[2] == "/usr/bin/env"


@pytest.mark.parametrize("target", ["nowhere", "/bin/sh", "/etc"])
def test_a_shell_that_leads_nowhere_is_passed_by(tmp_path: Path, target: str) -> None:
    """A broken link, a loop, a directory."""
    root = alpine(tmp_path).without("/bin/sh").link("/bin/sh", target)

    assert told(root) == (Libc.MUSL, "1.2.3", "/usr/bin/env")


def test_without_a_shell_the_next_program_tells(tmp_path: Path) -> None:
    """Images without a shell exist."""
    root = alpine(tmp_path).without("/bin/sh", "/usr/bin/env")

    assert told(root)[2] == "/bin/ls"


def test_without_any_of_the_programs_nothing_is_told(tmp_path: Path) -> None:
    """That a loader is there proves nothing."""
    root = alpine(tmp_path).without("/bin/sh", "/usr/bin/env", "/bin/ls")

    assert told(root) == (Libc.UNKNOWN, None, None)


def test_a_static_program_tells_only_where_there_is_no_other(tmp_path: Path) -> None:
    """A static busybox beside dynamic programs is common."""
    root = alpine(tmp_path).without("/bin/sh").file("/bin/sh", static_program())

    assert told(root)[2] == "/usr/bin/env"
    assert told(root.without("/usr/bin/env", "/bin/ls")) == (Libc.STATIC, None, "/bin/sh")


def test_the_first_program_decides_where_they_disagree(tmp_path: Path) -> None:
    """One order, the same everywhere."""
    root = debian(tmp_path).file("/usr/bin/ls", musl_program()).file("/usr/bin/env", glibc_program())

    assert told(root)[0] is Libc.GLIBC


def test_a_malformed_program_is_passed_by(tmp_path: Path) -> None:
    """Four good bytes, and nothing after them."""
    root = alpine(tmp_path).without("/bin/sh").file("/bin/sh", b"\x7fELF\2\1\1")

    assert told(root)[2] == "/usr/bin/env"


def test_os_release_is_read_behind_a_link(tmp_path: Path) -> None:
    """``/etc/os-release`` is an absolute link nearly everywhere."""
    found = host_of(alpine(tmp_path)).os_release

    assert found is not None
    assert (found.id, found.version_id, found.pretty_name) == ("alpine", "3.17.7", "Alpine Linux v3.17")


@pytest.mark.parametrize("arch", ["aarch64", "armv7l", "i686", "ppc64le", "riscv64", "s390x"])
def test_a_system_of_another_architecture_is_told_as_well(tmp_path: Path, arch: str) -> None:
    """Nothing is executed."""
    host = host_of(Root(tmp_path).file("/bin/sh", musl_program(arch)))

    assert (host.libc, host.arch, host.kernel) == (Libc.MUSL, arch, None)
