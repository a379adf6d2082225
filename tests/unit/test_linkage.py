"""The model of musl's loader, point by point."""

import pytest
from tests.support.values import catalog, executable, extension, library, release, uses, wheel

from musl_audit.loader.linkage import link
from musl_audit.model import (
    Allowed,
    ElfFacts,
    Excluded,
    FromLibc,
    InWheel,
    Nobody,
    Outside,
    Provider,
    Symbol,
    Unknown,
    Unreachable,
)

ARCH = catalog().arches["x86_64"]


def needs(*elves: ElfFacts, exclude: tuple[str, ...] = (), others: tuple[str, ...] = ()) -> dict[str, Provider]:
    """Return who provides each NEEDED of the wheel's loads."""
    linkage = link(wheel(*elves, others=others), ARCH, catalog(), exclude)
    return {need.soname: need.provider for load in linkage.loads for need in load.needs}


def symbols(*elves: ElfFacts, exclude: tuple[str, ...] = ()) -> dict[str, Provider]:
    """Return who provides each symbol that libc does not have on every release."""
    linkage = link(wheel(*elves), ARCH, catalog(), exclude)
    return {reference.symbol.name: reference.provider for load in linkage.loads for reference in load.references}


@pytest.mark.parametrize("soname", ["libc.so", "libc.musl-x86_64.so.1", "libc.so.6", "libm.so.6", "libpthread.so.0"])
def test_reserved_names_are_libc_itself(soname: str) -> None:
    """load_library compares the word between lib and the first dot, and opens no file."""
    assert isinstance(needs(extension(needed=(soname,)))[soname], FromLibc)


@pytest.mark.parametrize("soname", ["libgcc_s.so.1", "libresolv.so.2", "libm-abc123.so", "libpthread", "libcrypt.so.1"])
def test_other_names_are_looked_for_as_files(soname: str) -> None:
    """Nothing but the whole word is reserved."""
    assert needs(extension(needed=(soname,)))[soname] == Outside((soname,))


def test_a_library_is_found_through_the_rpath_of_the_file_that_needs_it() -> None:
    """$ORIGIN is the directory of that file."""
    found = needs(extension(needed=("libdemo.so.1",), rpath="$ORIGIN/../demo.libs"), library())

    assert found["libdemo.so.1"] == InWheel("demo.libs/libdemo.so.1")


def test_a_library_is_found_through_the_rpath_of_whoever_needed_its_user() -> None:
    """The chain of needed_by goes up to the root: a bundled libstdc++ without an RPATH finds libgcc_s."""
    found = needs(
        extension(needed=("libstdc++.so.6",), rpath="$ORIGIN/../demo.libs"),
        library("demo.libs/libstdc++.so.6", needed=("libgcc_s.so.1",)),
        library("demo.libs/libgcc_s.so.1"),
    )

    assert found["libgcc_s.so.1"] == InWheel("demo.libs/libgcc_s.so.1")


def test_runpath_hides_rpath() -> None:
    """With both present musl from 1.1.6 on reads RUNPATH only."""
    found = needs(extension(needed=("libdemo.so.1",), rpath="$ORIGIN/../demo.libs", runpath="$ORIGIN"), library())

    assert found["libdemo.so.1"] == Unreachable(("demo.libs/libdemo.so.1",))


def test_a_library_in_the_wheel_without_a_path_is_unreachable() -> None:
    """The loader does not look beside the file by itself."""
    found = needs(extension(needed=("libdemo.so.1",)), library())

    assert found["libdemo.so.1"] == Unreachable(("demo.libs/libdemo.so.1",))


def test_the_file_name_decides_and_not_the_soname() -> None:
    """DT_SONAME is never read."""
    found = needs(
        extension(needed=("libdemo.so.1",), rpath="$ORIGIN/../demo.libs"),
        library("demo.libs/libdemo-abc.so.1", soname="libdemo.so.1"),
    )

    assert found["libdemo.so.1"] == Outside(("libdemo.so.1",))


def test_a_file_that_is_no_library_ends_the_search() -> None:
    """The loader answers Exec format error, and does not try the next directory."""
    found = needs(
        extension(needed=("libdemo.so.1",), rpath="$ORIGIN:$ORIGIN/../demo.libs"),
        library(),
        others=("demo/libdemo.so.1",),
    )

    assert found["libdemo.so.1"] == Unreachable(("demo/libdemo.so.1",))


def test_a_library_found_once_is_found_by_name_for_everybody() -> None:
    """A library that a search loaded satisfies later needs of the same name, whatever their RPATH."""
    found = needs(
        extension(needed=("libdemo.so.1", "libuser.so.1"), rpath="$ORIGIN/../demo.libs"),
        library(),
        library("demo.libs/libuser.so.1", needed=("libdemo.so.1",), runpath="$ORIGIN/nowhere"),
    )

    assert found["libdemo.so.1"] == InWheel("demo.libs/libdemo.so.1")


def test_an_excluded_library_is_the_users_business() -> None:
    """--exclude says that the library will be there."""
    assert needs(extension(needed=("libodbc.so.2",)), exclude=("libodbc.so.*",)) == {
        "libodbc.so.2": Excluded(("libodbc.so.2",), "libodbc.so.*")
    }


def test_a_path_into_another_tree_is_not_known() -> None:
    """Whether bin/../lib is anywhere near site-packages is up to the installation scheme."""
    found = needs(executable(needed=("libdemo.so.1",), rpath="$ORIGIN/../lib"), library())

    assert isinstance(found["libdemo.so.1"], Unknown)


def test_zlib_may_be_taken_from_the_system() -> None:
    """libz.so.1 is on the list of allowed libraries, and its functions are known."""
    elf = extension(needed=("libz.so.1",), undefined=uses("inflate"))

    assert symbols(elf)["inflate"] == Allowed("libz.so.1")


def test_zlib_provides_nothing_to_those_who_do_not_need_it() -> None:
    """A symbol of a library that nobody asked for is in no scope."""
    assert symbols(extension(undefined=uses("inflate")))["inflate"] == Nobody()


def test_the_interpreter_provides_the_python_api() -> None:
    """Py* and _Py* come from the process that imports the extension, so such references are not open."""
    assert symbols(extension(undefined=uses("PyModule_Create2", "_Py_Dealloc", "inflate"))) == {"inflate": Nobody()}


def test_an_executable_has_no_interpreter() -> None:
    """A program that is started brings its own symbols or none."""
    assert symbols(executable(undefined=uses("Py_Main")))["Py_Main"] == Nobody()


def test_a_library_of_the_scope_provides_what_libc_lacks() -> None:
    """All files of a load are one scope, breadth first: such a reference is not open."""
    found = symbols(
        extension(needed=("libdemo.so.1",), rpath="$ORIGIN/../demo.libs", undefined=uses("qsort_r")),
        library(defined=frozenset({"qsort_r"})),
    )

    assert found == {}


def test_a_library_outside_the_scope_provides_nothing() -> None:
    """RTLD_LOCAL: another extension's libraries are not searched."""
    other = extension("demo/other.abi3.so", needed=("libdemo.so.1",), rpath="$ORIGIN/../demo.libs")

    assert symbols(
        extension(undefined=uses("demo_function")), other, library(defined=frozenset({"demo_function"}))
    ) == {"demo_function": Nobody()}


def test_a_symbol_that_a_missing_library_may_have_is_not_called_unknown_to_musl() -> None:
    """What cannot be seen cannot be denied."""
    elf = extension(needed=("libodbc.so.2",), undefined=uses("SQLConnect"))

    assert symbols(elf)["SQLConnect"] == Outside(("libodbc.so.2",))


def test_libc_provides_a_symbol_from_its_release_on() -> None:
    """qsort_r came with 1.2.3."""
    provider = symbols(extension(undefined=uses("qsort_r")))["qsort_r"]

    assert isinstance(provider, FromLibc)
    assert min(provider.releases) == release("1.2.3")


def test_what_no_relocation_refers_to_is_never_looked_up() -> None:
    """The loader walks relocations, not the symbol table."""
    assert symbols(extension(undefined=(Symbol("statx", is_referenced=False),))) == {}


def test_a_library_is_judged_where_it_is_reached_and_alone_only_otherwise() -> None:
    """A bundled library needs the search path of the extension that loads it."""
    linkage = link(
        wheel(
            extension(needed=("libdemo.so.1",), rpath="$ORIGIN/../demo.libs"),
            library(),
            library("demo/plugin.so"),
        ),
        ARCH,
        catalog(),
    )

    assert [load.root.path for load in linkage.loads] == [extension().path, "demo/plugin.so"]


def test_libraries_that_need_each_other_have_one_root() -> None:
    """A circle is entered at the first file by path."""
    linkage = link(
        wheel(
            library("demo/liba.so", needed=("libb.so",), rpath="$ORIGIN"),
            library("demo/libb.so", needed=("liba.so",), rpath="$ORIGIN"),
        ),
        ARCH,
        catalog(),
    )

    assert [load.root.path for load in linkage.loads] == ["demo/liba.so"]


def test_needs_are_walked_breadth_first() -> None:
    """load_deps appends to one list while it walks it."""
    linkage = link(
        wheel(
            extension(needed=("liba.so", "libb.so"), rpath="$ORIGIN"),
            library("demo/liba.so", needed=("libc2.so",)),
            library("demo/libb.so"),
            library("demo/libc2.so"),
        ),
        ARCH,
        catalog(),
    )

    assert [file.path for file in linkage.loads[0].files][1:] == ["demo/liba.so", "demo/libb.so", "demo/libc2.so"]
