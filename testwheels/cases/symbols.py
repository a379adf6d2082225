"""Symbols: newer than the floor, removed, in no musl, of another time ABI, or taken from the wrong library."""

from testwheels.case import RELEASES, Case, Stub, since
from testwheels.edits import replacing
from testwheels.parts import BUNDLED, extension, libc, library, program, refers

_EXCEPT_GAP = ("1.1.24", *since("1.2.4"))


def _missing(symbol: str, release: str, why: str, *, unjudged: str | None = None) -> Case:
    return Case(
        f"missing_{symbol.lower()}",
        f"needs {symbol}, {why}",
        (extension("refers.c", compile_flags=refers(symbol)),),
        finds=("MUSL101",),
        loads_on=since(release),
        unjudged=unjudged,
    )


def _time_abi(name: str, why: str, *symbols: str, arch: str = "i686", series: str = "1_2", **expected: object) -> Case:
    modules = ("_probe", "_other")
    members = tuple(
        extension("refers.c", name=module, arch=arch, compile_flags=refers(symbol))
        for module, symbol in zip(modules, symbols, strict=False)
    )
    return Case(name, why, members, tags=f"cp312-cp312-musllinux_{series}_{arch}", arch=arch, **expected)  # type: ignore[arg-type]


_NEWER = [
    _missing("qsort_r", "1.2.3", "which came in 1.2.3, while the tag promises 1.2.2"),
    _missing("pthread_getname_np", "1.2.3", "which came in 1.2.3, while the tag promises 1.2.2"),
    _missing("statx", "1.2.5", "which came in 1.2.5, while the tag promises 1.2.2"),
    _missing(
        "renameat2",
        "1.2.6",
        "which came in 1.2.6, the newest release known",
        unjudged="Debian's 1.2.5, whose loader is asked, has renameat2 already",
    ),
    Case(
        "missing_symbol_in_musllinux_1_1",
        "needs gettid, which came in 1.2.2: too new for musllinux_1_1, whose floor is 1.1.24, and for nothing else",
        (extension("refers.c", compile_flags=refers("gettid")),),
        finds=("MUSL101",),
        loads_on=since("1.2.2"),
        tags="cp312-cp312-musllinux_1_1_x86_64.musllinux_1_2_x86_64",
    ),
    Case(
        "missing_symbol_in_program",
        "a program needs qsort_r: it does not start below 1.2.3",
        (program("calls_qsort_r.c"),),
        finds=("MUSL101",),
        loads_on=since("1.2.3"),
        tags="py3-none-musllinux_1_2_x86_64",
    ),
    Case(
        "symbol_at_the_floor",
        "needs gettid, which came in 1.2.2, the floor of the tag: just not too new",
        (extension("refers.c", compile_flags=refers("gettid")),),
        loads_on=since("1.2.2"),
        near_miss_of="MUSL101",
    ),
    Case(
        "weak_newer_symbol",
        "refers weakly to statx, renameat2 and qsort_r: the program asks at run time whether they are there",
        (extension("refers.c", compile_flags=refers(weak=("statx", "renameat2", "qsort_r"))),),
        near_miss_of="MUSL101",
    ),
    Case(
        "unreferenced_newer_symbol",
        "lists qsort_r among its undefined symbols, but no relocation refers to it: the loader never looks it up",
        (extension("unreferenced.c"),),
        near_miss_of="MUSL101",
    ),
    Case(
        "bundled_newer_symbol",
        "needs qsort_r and brings a library that defines it: where libc has it too, libc's is taken",
        (
            extension("calls.c", compile_flags=("-DCALLS=qsort_r",), needed=("libsort.so", libc()), rpath=BUNDLED),
            library("libsort.so", compile_flags=("-DNAME=qsort_r",)),
        ),
        finds=("MUSL105",),
        near_miss_of="MUSL101",
    ),
]

_REMOVED = [
    Case(
        "lfs64_names",
        "needs open64, stat64 and their like: no longer exported since 1.2.4, but the loader maps them",
        (extension("refers.c", compile_flags=refers("open64", "stat64", "lseek64", "readdir64", "fopen64")),),
        near_miss_of="MUSL101",
    ),
    Case(
        "posix_fallocate64",
        "needs posix_fallocate64, whose name was too long for the loader's map in 1.2.4 and 1.2.5",
        (extension("refers.c", compile_flags=refers("posix_fallocate64")),),
        finds=("MUSL101",),
        loads_on=tuple(release for release in RELEASES if release not in ("1.2.4", "1.2.5")),
    ),
    *(
        Case(
            f"xstat_gap_{arch}",
            f"needs __xstat, which 32-bit musl lacks from 1.2.0 to 1.2.3 ({arch}); and it has the old time ABI",
            (extension("refers.c", arch=arch, compile_flags=refers("__xstat")),),
            finds=("MUSL101", "MUSL104"),
            loads_on=_EXCEPT_GAP,
            tags=f"cp312-cp312-musllinux_1_2_{arch}",
            arch=arch,
        )
        for arch in ("i686", "armv7l")
    ),
    Case(
        "xstat_x86_64",
        "needs __xstat, which 64-bit musl always had",
        (extension("refers.c", compile_flags=refers("__xstat")),),
        near_miss_of="MUSL101",
    ),
]

_IN_NO_MUSL = [
    Case(
        "missing_cxa_thread_atexit_impl",
        "needs __cxa_thread_atexit_impl, which glibc has and no musl",
        (extension("refers.c", compile_flags=refers("__cxa_thread_atexit_impl")),),
        finds=("MUSL102",),
        loads_on=(),
    ),
    Case(
        "symbol_in_no_musl",
        "needs a symbol that no libc has: a library was forgotten when it was linked",
        (extension("refers.c", compile_flags=refers("frobnicate")),),
        finds=("MUSL102",),
        loads_on=(),
    ),
    Case(
        "symbols_of_glibc",
        "compiled with glibc's headers: fortified functions, backtrace, argp",
        (extension("refers.c", compile_flags=refers("__memcpy_chk", "__printf_chk", "backtrace", "argp_parse")),),
        finds=("MUSL102",),
        loads_on=(),
    ),
    Case(
        "symbol_in_no_musl_of_a_library",
        "a bundled library, not the extension module, needs a symbol that no libc has",
        (
            extension("calls.c", needed=("libanswer.so", libc()), rpath=BUNDLED),
            library("libanswer.so", "calls.c", compile_flags=("-DNAME=answer", "-DCALLS=frobnicate")),
        ),
        finds=("MUSL102",),
        loads_on=(),
    ),
    Case(
        "weak_symbol_in_no_musl",
        "refers weakly to a symbol that no musl has: it is null, and that is allowed",
        (extension("refers.c", compile_flags=refers(weak=("__cxa_thread_atexit_impl", "frobnicate"))),),
        near_miss_of="MUSL102",
    ),
    Case(
        "versioned_symbol_of_libc",
        "needs strlen in a version that musl's libc does not define: versions are ignored",
        (extension("refers.c", compile_flags=refers("strlen"), needed=(Stub(libc(), ("strlen@GLIBC_2.2.5",)),)),),
        near_miss_of="MUSL201",
    ),
    Case(
        "symbols_of_python",
        "needs symbols of Python's C API, which the interpreter defines",
        (extension("refers.c", compile_flags=refers("PyErr_NoMemory", "PyList_New")),),
        near_miss_of="MUSL102",
    ),
]

_TIME = [
    _time_abi(
        "mixed_time_abi_i686",
        "one module asks for 32-bit times, the other for 64-bit ones",
        "clock_gettime",
        "__clock_gettime64",
        finds=("MUSL103",),
        loads_on=since("1.2.0"),
    ),
    _time_abi(
        "mixed_time_abi_armv7l",
        "one module asks for 32-bit times, the other for 64-bit ones",
        "stat",
        "__mktime64",
        arch="armv7l",
        finds=("MUSL103",),
        loads_on=since("1.2.0"),
    ),
    _time_abi(
        "time64_abi_i686",
        "both modules ask for 64-bit times, as compiled with musl 1.2's headers",
        "__clock_gettime64",
        "__stat_time64",
        loads_on=since("1.2.0"),
        near_miss_of="MUSL103",
    ),
    _time_abi(
        "time32_abi_i686",
        "asks for 32-bit times only, as Rust's libc crate does on every musl",
        "clock_gettime",
        "stat",
        finds=("MUSL104",),
    ),
    _time_abi(
        "time32_abi_in_musllinux_1_1_i686",
        "asks for 32-bit times under a tag of musl 1.1, which had no others",
        "clock_gettime",
        series="1_1",
        near_miss_of="MUSL104",
    ),
    _time_abi(
        "time64_abi_in_musllinux_1_1_i686",
        "asks for 64-bit times under a tag of musl 1.1, which had none",
        "__clock_gettime64",
        series="1_1",
        finds=("MUSL101",),
        loads_on=since("1.2.0"),
    ),
    Case(
        "time_names_x86_64",
        "asks for times by the plain names, which mean 64 bits on a 64-bit architecture",
        (extension("refers.c", compile_flags=refers("clock_gettime", "stat", "mktime")),),
        near_miss_of="MUSL104",
    ),
]


def _shadowing(name: str, why: str, symbol: str, **expected: object) -> Case:
    caller = extension("refers.c", compile_flags=refers(symbol), needed=("libown.so", libc()), rpath=BUNDLED)
    return Case(name, why, (caller, library("libown.so", compile_flags=(f"-DNAME={symbol}",))), **expected)  # type: ignore[arg-type]


_SHADOWED = [
    _shadowing(
        "shadowed_by_libc",
        "a bundled library defines strlcpy, and the module refers to it: libc's is taken",
        "strlcpy",
        finds=("MUSL105",),
    ),
    _shadowing(
        "shadowed_crypt",
        "a bundled libcrypt defines crypt, and the module refers to it: libc's is taken, which knows fewer hashes",
        "crypt",
        finds=("MUSL105:warning",),
    ),
    Case(
        "shadowed_malloc",
        "a bundled allocator that the module needs never gets a call: libc's malloc is taken",
        (
            extension("allocates.c", needed=("liballoc.so", libc()), rpath=BUNDLED),
            library("liballoc.so", compile_flags=("-DNAME=malloc",)),
        ),
        finds=("MUSL105:warning",),
    ),
    Case(
        "unreferenced_libc_name_in_library",
        "a bundled library defines strlcpy beside what the module calls, and nobody refers to it",
        (
            extension("calls.c", needed=("libown.so", libc()), rpath=BUNDLED),
            library("libown.so", "answer.c", "strlcpy.c"),
        ),
        near_miss_of="MUSL105",
    ),
    Case(
        "program_with_malloc",
        "a program defines malloc and free: a program comes first, libc uses its",
        (program("allocator.c", link_flags=("-rdynamic",)),),
        tags="py3-none-musllinux_1_2_x86_64",
        near_miss_of="MUSL105",
    ),
    Case(
        "program_with_copy_relocation",
        "a program that is not position-independent has libc's environ copied into itself",
        (program("environment.c", compile_flags=("-fno-pie", "-fno-pic"), link_flags=("-no-pie",)),),
        tags="py3-none-musllinux_1_2_x86_64",
        near_miss_of="MUSL105",
    ),
]

_VERSIONS = [
    Case(
        "hidden_version_definition",
        "a bundled library defines answer only as the hidden answer@V1: the loader finds nobody",
        (
            extension("calls.c", needed=(Stub("libanswer.so", ("answer@V1",)), libc()), rpath=BUNDLED),
            library("libanswer.so", "hidden_version.c", maker="gnu", link_flags=("--version-script=v1.map",)),
        ),
        finds=("MUSL106",),
        loads_on=(),
    ),
    Case(
        "default_version_definition",
        "a bundled library defines answer as the hidden answer@V1 and the default answer@@V2: who asks for V1 gets V2",
        (
            extension("calls.c", needed=(Stub("libanswer.so", ("answer@V1",)), libc()), rpath=BUNDLED),
            library(
                "libanswer.so",
                "hidden_version.c",
                maker="gnu",
                compile_flags=("-DNEWER",),
                link_flags=("--version-script=v2.map",),
            ),
        ),
        near_miss_of="MUSL106",
    ),
    Case(
        "unreferenced_hidden_version",
        "a bundled library has a hidden answer@V1 that nobody refers to",
        (
            extension(needed=("libanswer.so", libc()), rpath=BUNDLED),
            library("libanswer.so", "hidden_version.c", maker="gnu", link_flags=("--version-script=v1.map",)),
        ),
        near_miss_of="MUSL106",
    ),
]


def _hostile(name: str, why: str, symbol: bytes) -> Case:
    placeholder = "S" * len(symbol)
    edit = replacing(placeholder.encode(), symbol)
    members = (extension("refers.c", compile_flags=refers(placeholder), edits=(edit,)),)
    return Case(name, why, members, finds=("MUSL102",), loads_on=())


_HOSTILE = [
    _hostile(
        "hostile_symbol",
        "needs a symbol whose name clears the screen, speaks markup and gives a CI system orders",
        b"\x1b[2J[bold red]\n::error::x\r\xe2\x80\xae<b>\x07%0A[/]",
    ),
    _hostile("symbol_not_utf8", "needs a symbol whose name is not UTF-8", b"caf\xe9_\xff\xfe_\xc3(s"),
]

CASES = [*_NEWER, *_REMOVED, *_IN_NO_MUSL, *_TIME, *_SHADOWED, *_VERSIONS, *_HOSTILE]
