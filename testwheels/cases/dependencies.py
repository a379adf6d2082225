"""Needed libraries: glibc's, outside ones, unreachable ones, search paths, allowed libraries and their internals."""

from testwheels.case import Case, Elf, since
from testwheels.edits import replacing
from testwheels.parts import BUNDLED, extension, libc, library, program, refers, suffix, text

_LIBZ = "libz.so.1 comes from the system that a wheel is installed on"
_HOSTILE_NAME = b"lib\xe2\x80\xae\x1b]0;x\x07\n::warning::[link=a]b.so\xff"
_PLACEHOLDER = "L" * len(_HOSTILE_NAME)

_BUNDLED_LIBC = [
    Case(
        "bundled_libc",
        "a copy of libc under another name, which nothing of the wheel uses: no musl from 1.1.17 on maps it",
        (
            extension(needed=("ld-musl-x86_64-1a2b3c4d.so.1", libc()), rpath=BUNDLED),
            library("ld-musl-x86_64-1a2b3c4d.so.1", "libc.c", "pointers.c", link_flags=("--pack-dyn-relocs=relr",)),
        ),
        finds=("MUSL207",),
    ),
    Case(
        "bundled_libc_newer_symbol",
        "the copy has qsort_r, which the system's libc has from 1.2.3 on: the copy's does not count",
        (
            extension(
                "calls.c",
                compile_flags=("-DCALLS=qsort_r",),
                needed=("ld-musl-x86_64-1a2b3c4d.so.1",),
                rpath=BUNDLED,
            ),
            library("ld-musl-x86_64-1a2b3c4d.so.1", "libc.c", "answer.c", compile_flags=("-DNAME=qsort_r",)),
        ),
        finds=("MUSL101", "MUSL207"),
        loads_on=since("1.2.3"),
    ),
    Case(
        "bundled_stdin",
        "a library that exports stdin and no __libc_start_main: one like any other",
        (
            extension("calls.c", needed=("libinput.so", libc()), rpath=BUNDLED),
            library("libinput.so", "libc.c", "answer.c", compile_flags=("-D__libc_start_main=libinput_start",)),
        ),
        near_miss_of="MUSL207",
    ),
    Case(
        "static_libpython",
        "an extension module that defines Py_Initialize: libpython was linked into it",
        (extension("clean.c", "answer.c", compile_flags=("-DNAME=Py_Initialize",)),),
        finds=("MUSL208",),
        unjudged="it loads; whose Python runs, the loader does not say",
    ),
    Case(
        "library_with_python",
        "a library of the wheel defines Py_Initialize, as one that embeds Python may",
        (
            extension("clean.c", needed=("libembed.so", libc()), rpath=BUNDLED),
            library("libembed.so", "answer.c", compile_flags=("-DNAME=Py_Initialize",)),
        ),
        near_miss_of="MUSL208",
    ),
]

_GLIBC = [
    Case(
        "glibc_extension_by_accident",
        "an extension module built for glibc, under a suffix of musl's: libc.so.6 is libc to musl, so it loads",
        (extension(maker="glibc"),),
        finds=("MUSL201",),
        unjudged="it loads; that it was built for another ABI, the loader does not see",
    ),
    Case(
        "glibc_libm_by_accident",
        "a bundled library built for glibc's libm.so.6, which musl takes for itself",
        (
            extension("calls.c", needed=("libanswer.so", libc()), rpath=BUNDLED),
            library("libanswer.so", needed=("libm.so.6", "libc.so.6")),
        ),
        finds=("MUSL201",),
        unjudged="it loads; that it was built for another ABI, the loader does not see",
    ),
    Case(
        "glibc_symbols",
        "an extension module built for glibc that calls gnu_get_libc_version in a GLIBC_ version",
        (extension("refers.c", maker="glibc", compile_flags=refers("gnu_get_libc_version")),),
        finds=("MUSL102", "MUSL201"),
        loads_on=(),
    ),
    Case(
        "glibc_program",
        "a program whose interpreter is glibc's loader",
        (program(maker="glibc"),),
        finds=("MUSL201",),
        loads_on=(),
        tags="py3-none-musllinux_1_2_x86_64",
        unjudged="the kernel starts a program with the interpreter that it names",
    ),
    Case(
        "needs_loader_of_glibc",
        "needs ld-linux-x86-64.so.2, as files built for glibc do that use its __tls_get_addr",
        (extension(needed=("ld-linux-x86-64.so.2", libc())),),
        finds=("MUSL201",),
        loads_on=(),
    ),
    Case(
        "needs_libc_so",
        "needs libc.so, the name without an architecture: libc as well",
        (extension(needed=("libc.so",)),),
        near_miss_of="MUSL201",
    ),
    Case(
        "needs_nothing",
        "needs no library at all: libc is there anyway",
        (extension(needed=()),),
        near_miss_of="MUSL202",
    ),
]

_OUTSIDE = [
    Case(
        "external_library",
        "needs libodbc.so.2, which is neither in the wheel nor one of those that every system has",
        (extension("refers.c", compile_flags=refers("SQLAllocHandle"), needed=("libodbc.so.2", libc())),),
        finds=("MUSL202",),
        loads_on=(),
    ),
    Case(
        "external_library_of_a_library",
        "a bundled library needs libodbc.so.2 from outside",
        (
            extension("calls.c", needed=("libanswer.so", libc()), rpath=BUNDLED),
            library("libanswer.so", needed=("libodbc.so.2", libc())),
        ),
        finds=("MUSL202",),
        loads_on=(),
    ),
    Case(
        "needed_by_soname_only",
        "the wheel's library says libanswer.so.1 of itself, but the file has another name: the loader goes by the file",
        (
            extension("calls.c", needed=("libanswer.so.1", libc()), rpath=BUNDLED),
            library("libanswer-1234abcd.so", soname="libanswer.so.1"),
        ),
        finds=("MUSL202",),
        loads_on=(),
    ),
    Case(
        "needed_by_file_name",
        "the wheel's library says libother.so of itself, but its file has the name that is needed",
        (
            extension("calls.c", needed=("libanswer.so.1", libc()), rpath=BUNDLED),
            library("libanswer.so.1", soname="libother.so"),
        ),
        near_miss_of="MUSL202",
    ),
    Case(
        "libz_allowed",
        "needs libz.so.1 and only what it documents: every system with musl has it",
        (
            extension(
                "refers.c", compile_flags=refers("inflate", "deflateInit_", "crc32"), needed=("libz.so.1", libc())
            ),
        ),
        near_miss_of="MUSL202",
        unjudged=_LIBZ,
    ),
    Case(
        "libz_internals",
        "needs a function of libz.so.1 that is its own business, and that it does not export",
        (extension("refers.c", compile_flags=refers("inflate_fast", "inflate"), needed=("libz.so.1", libc())),),
        finds=("MUSL206:error",),
        loads_on=(),
        unjudged=_LIBZ,
    ),
    Case(
        "libz_newer_function",
        "needs a function of libz.so.1 that is newer than the libz of the oldest promised distribution",
        (extension("refers.c", compile_flags=refers("crc32_combine_op"), needed=("libz.so.1", libc())),),
        finds=("MUSL206",),
        loads_on=None,
        unjudged=_LIBZ,
    ),
    Case(
        "libz_bundled_internals",
        "a bundled libz defines inflate_fast, and the module calls that: its own copy's business",
        (
            extension(
                "calls.c", compile_flags=("-DCALLS=inflate_fast",), needed=("libz-12ab.so.1", libc()), rpath=BUNDLED
            ),
            library("libz-12ab.so.1", compile_flags=("-DNAME=inflate_fast",)),
        ),
        near_miss_of="MUSL206",
    ),
    Case(
        "links_libpython",
        "needs libpython3.12.so.1.0, which an interpreter has only if it was built shared",
        (extension(needed=("libpython3.12.so.1.0", libc())),),
        finds=("MUSL205",),
        loads_on=None,
        unjudged="depends on how the interpreter was built",
    ),
    Case(
        "bundled_libpythonic",
        "needs a library of the wheel whose name begins like libpython",
        (
            extension("calls.c", needed=("libpythonic.so.3", libc()), rpath=BUNDLED),
            library("libpythonic.so.3"),
        ),
        near_miss_of="MUSL205",
    ),
    Case(
        "hostile_needed",
        "needs a library whose name turns the text around and imitates an annotation",
        (extension(needed=(_PLACEHOLDER, libc()), edits=(replacing(_PLACEHOLDER.encode(), _HOSTILE_NAME),)),),
        finds=("MUSL202",),
        loads_on=(),
    ),
]


def _chain(name: str, why: str, *members: Elf, **expected: object) -> Case:
    """Return a wheel whose module needs libouter.so, which needs libinner.so."""
    return Case(name, why, members, **expected)  # type: ignore[arg-type]


def _outer(**fields: object) -> Elf:
    flags = ("-DNAME=outer", "-DCALLS=inner")
    return library("libouter.so", "calls.c", compile_flags=flags, needed=("libinner.so", libc()), **fields)  # type: ignore[arg-type]


def _module(rpath: str | None, *, is_runpath: bool = True) -> Elf:
    flags, needed = ("-DCALLS=outer",), ("libouter.so", libc())
    return extension("calls.c", compile_flags=flags, needed=needed, rpath=rpath, is_runpath=is_runpath)


_INNER = library("libinner.so", compile_flags=("-DNAME=inner",))
_INNER_ELSEWHERE = Elf("{case}/deep/libinner.so", ("answer.c",), soname="libinner.so", compile_flags=("-DNAME=inner",))

_PATHS = [
    _chain(
        "chain_by_runpath",
        "each file says where the library is that it needs",
        _module(BUNDLED),
        _outer(rpath="$ORIGIN"),
        _INNER,
        near_miss_of="MUSL203",
    ),
    _chain(
        "chain_by_rpath",
        "each file says where the library is that it needs, by the older DT_RPATH",
        _module(BUNDLED, is_runpath=False),
        _outer(rpath="${ORIGIN}", is_runpath=False),
        _INNER,
        near_miss_of="MUSL203",
    ),
    _chain(
        "chain_by_inherited_rpath",
        "a library without a path of its own is searched for by the path of the module that needs it",
        _module(BUNDLED, is_runpath=False),
        _outer(),
        _INNER,
        near_miss_of="MUSL203",
    ),
    Case(
        "found_by_name_already",
        "one library leads the loader to libinner.so; another has no path there, but its name is known by then",
        (
            extension(
                "calls.c",
                compile_flags=("-DCALLS=outer",),
                needed=("libouter.so", "libsecond.so", libc()),
                rpath=BUNDLED,
            ),
            _outer(rpath="$ORIGIN/../{case}/deep"),
            library(
                "libsecond.so",
                "calls.c",
                compile_flags=("-DNAME=second", "-DCALLS=inner"),
                needed=("libinner.so", libc()),
            ),
            _INNER_ELSEWHERE,
        ),
        near_miss_of="MUSL203",
    ),
    _chain(
        "chain_by_inherited_runpath",
        "DT_RUNPATH is inherited as well: musl makes no difference, where glibc does",
        _module(f"{BUNDLED}:$ORIGIN/deep"),
        _outer(rpath="$ORIGIN"),
        _INNER_ELSEWHERE,
        near_miss_of="MUSL203",
    ),
    _chain(
        "chain_broken",
        "the inner library is in a directory that neither the outer one nor the module names",
        _module(BUNDLED),
        _outer(rpath="$ORIGIN"),
        _INNER_ELSEWHERE,
        finds=("MUSL203",),
        loads_on=(),
    ),
    _chain(
        "unreachable_library",
        "the library is in the wheel, but the module has no search path",
        extension("calls.c", needed=("libanswer.so", libc())),
        library("libanswer.so"),
        finds=("MUSL203",),
        loads_on=(),
    ),
    _chain(
        "unreachable_beside_module",
        "the library lies beside the module, where no loader looks without a path",
        extension("calls.c", needed=("libanswer.so", libc())),
        Elf("{case}/libanswer.so", ("answer.c",), soname="libanswer.so"),
        finds=("MUSL203",),
        loads_on=(),
    ),
    _chain(
        "rpath_with_unknown_token",
        "one $LIB in a search path, and musl ignores all of it",
        extension("calls.c", needed=("libanswer.so", libc()), rpath=f"{BUNDLED}:$ORIGIN/$LIB"),
        library("libanswer.so"),
        finds=("MUSL203",),
        loads_on=(),
    ),
    _chain(
        "rpath_with_longer_token",
        "$ORIGINAL is $ORIGIN and the letters AL: it leads beside the package, and the library is there",
        extension("calls.c", needed=("libanswer.so", libc()), rpath="$ORIGINAL"),
        Elf("{case}AL/libanswer.so", ("answer.c",), soname="libanswer.so"),
        near_miss_of="MUSL203",
    ),
    Case(
        "search_ends_at_a_text_file",
        "the first directory has a text file of the library's name: the loader looks no further",
        (
            extension("calls.c", needed=("libanswer.so", libc()), rpath=f"$ORIGIN/notes:{BUNDLED}"),
            library("libanswer.so"),
            text("{case}/notes/libanswer.so", "INPUT(libanswer.so.1)\n"),
        ),
        finds=("MUSL203",),
        loads_on=(),
    ),
    Case(
        "search_passes_other_names",
        "the first directory has a library of another name: the loader goes on to the second",
        (
            extension("calls.c", needed=("libanswer.so", libc()), rpath=f"$ORIGIN/notes:{BUNDLED}"),
            library("libanswer.so"),
            text("{case}/notes/libanswer.so.txt", "Not a library\n"),
        ),
        near_miss_of="MUSL203",
    ),
    Case(
        "library_in_platlib",
        "the library is under .data/platlib, which is installed into site-packages like the rest",
        (
            extension("calls.c", needed=("libanswer.so", libc()), rpath=BUNDLED),
            Elf("{case}-1.0.data/platlib/{case}.libs/libanswer.so", ("answer.c",), soname="libanswer.so"),
        ),
        near_miss_of="MUSL203",
    ),
    Case(
        "module_in_purelib",
        "the module is under .data/purelib, its library at the root: one site-packages",
        (
            Elf(
                f"{{case}}-1.0.data/purelib/{{case}}/_probe{suffix()}",
                ("module.c", "calls.c"),
                needed=("libanswer.so", libc()),
                rpath=BUNDLED,
            ),
            library("libanswer.so"),
        ),
        near_miss_of="MUSL203",
    ),
    Case(
        "path_of_the_archive_in_platlib",
        "the module is under .data/platlib; its path fits the archive, and leads out of site-packages once installed",
        (
            Elf(
                f"{{case}}-1.0.data/platlib/{{case}}/_probe{suffix()}",
                ("module.c", "calls.c"),
                needed=("libanswer.so", libc()),
                rpath="$ORIGIN/../../../{case}.libs",
            ),
            library("libanswer.so"),
        ),
        finds=("MUSL203", "MUSL204"),
        loads_on=(),
    ),
]


def _rpath(name: str, why: str, rpath: str, **expected: object) -> Case:
    # libz.so.1 is looked for along the path, and found in the system after all.
    return Case(name, why, (extension(rpath=rpath, needed=("libz.so.1", libc())),), **expected)  # type: ignore[arg-type]


_UNJUDGED_PATH = "the loader takes any search path"
_OUTSIDE_PATHS = [
    _rpath(
        "rpath_outside",
        "a search path of the machine that built it",
        "/opt/vendor/lib",
        finds=("MUSL204",),
        unjudged=_UNJUDGED_PATH,
    ),
    _rpath(
        "rpath_relative",
        "a relative search path: whatever the working directory holds is loaded",
        "lib",
        finds=("MUSL204:error",),
        unjudged=_UNJUDGED_PATH,
    ),
    Case(
        "rpath_never_searched",
        "a relative search path of a file that needs libc alone: nothing is looked for along it",
        (extension(rpath="lib"),),
        finds=("MUSL204:note",),
    ),
    _rpath(
        "rpath_world_writable",
        "a search path under /tmp: whatever anybody puts there is loaded",
        "/tmp/build/lib",  # noqa: S108 - the case is about it
        finds=("MUSL204:error",),
        unjudged=_UNJUDGED_PATH,
    ),
    _rpath(
        "rpath_above_site_packages",
        "a search path that climbs out of site-packages",
        "$ORIGIN/../../../lib",
        finds=("MUSL204",),
        unjudged=_UNJUDGED_PATH,
    ),
    _rpath(
        "rpath_inside",
        "search paths that stay in the wheel, with empty elements, which musl skips",
        "$ORIGIN/../{case}.libs::$ORIGIN:",
        near_miss_of="MUSL204",
    ),
]

CASES = [*_BUNDLED_LIBC, *_GLIBC, *_OUTSIDE, *_PATHS, *_OUTSIDE_PATHS]
