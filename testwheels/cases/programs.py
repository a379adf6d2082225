"""Programs: static ones, which need no loader, dynamic ones, and where they lie."""

from testwheels.case import Case, Elf, Stub
from testwheels.parts import BUNDLED, extension, libc, library, program, refers

_TAGS = "py3-none-musllinux_1_2_x86_64"
_DOUBLE = "py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_2_x86_64"
_TOOL = "{case}/bin/count"
_FROM_TOOL = "$ORIGIN/../../{case}.libs"

CASES = [
    Case(
        "static_program",
        "a static program in .data/scripts: no loader is involved",
        (program(maker="zig", form="static"),),
        tags=_TAGS,
    ),
    Case(
        "static_pie_program",
        "a static, position-independent program: it has a dynamic section, but no interpreter",
        (program(maker="zig", form="static-pie"),),
        tags=_TAGS,
        near_miss_of="MUSL008",
    ),
    Case(
        "dynamic_program",
        "a dynamic program in .data/scripts that names musl's loader",
        (program(),),
        tags=_TAGS,
        near_miss_of="MUSL201",
    ),
    Case(
        "static_program_for_two_libcs",
        "a static program under manylinux and musllinux tags at once: rightly so",
        (program(maker="zig", form="static"),),
        tags=_DOUBLE,
        near_miss_of="MUSL008",
    ),
    Case(
        "one_program_two_libcs",
        "a dynamic program under manylinux and musllinux tags at once: it can be for one of them only",
        (program(),),
        finds=("MUSL008",),
        tags=_DOUBLE,
        unjudged="the loader sees no tags",
    ),
    Case(
        "one_extension_two_libcs",
        "an extension module under manylinux and musllinux tags at once",
        (extension(end=".abi3.so"),),
        finds=("MUSL008",),
        tags="cp312-abi3-manylinux_2_17_x86_64.musllinux_1_2_x86_64",
        unjudged="the loader sees no tags",
    ),
    Case(
        "program_with_library",
        "a program in the package needs a bundled library, and both have thread-local variables from the start",
        (
            program(
                "counts.c",
                path=_TOOL,
                needed=(Stub("libtls.so", ("answer",)),),
                rpath=_FROM_TOOL,
            ),
            library("libtls.so", "tls.c", compile_flags=('-DMODEL="initial-exec"', "-DNAME=answer")),
        ),
        tags=_TAGS,
        near_miss_of="MUSL402",
    ),
    Case(
        "program_across_trees",
        "a program in bin looks for its library in site-packages, whose place no wheel knows",
        (
            program(
                "counts.c",
                needed=(Stub("libanswer.so", ("answer",)),),
                rpath="$ORIGIN/../lib/python3.12/site-packages/{case}.libs",
            ),
            library("libanswer.so"),
        ),
        finds=("MUSL902",),
        loads_on=None,
        tags=_TAGS,
        unjudged="depends on where the wheel is installed",
    ),
    Case(
        "program_with_unreachable_library",
        "a program in the package needs a bundled library and has no path to it",
        (
            program("counts.c", path=_TOOL, needed=(Stub("libanswer.so", ("answer",)),)),
            library("libanswer.so"),
        ),
        finds=("MUSL203",),
        loads_on=(),
        tags=_TAGS,
    ),
    Case(
        "program_with_executable_stack",
        "a program asks for an executable stack, which the kernel gives it",
        (program(link_flags=("-Wl,-z,execstack",)),),
        finds=("MUSL404:warning",),
        tags=_TAGS,
    ),
    Case(
        "program_beside_extension",
        "a dynamic program in bin and an extension module with a bundled library, all in order",
        (
            extension("calls.c", needed=("libanswer.so", libc()), rpath=BUNDLED),
            library("libanswer.so"),
            program(),
        ),
    ),
    Case(
        "library_alone",
        "a library for ctypes that needs a symbol of glibc: nothing in the wheel loads it, but a user would",
        (Elf("{case}/libfrobnicate.so", ("refers.c",), compile_flags=(*refers("frobnicate"), "-fvisibility=default")),),
        finds=("MUSL102",),
        loads_on=(),
        tags=_TAGS,
    ),
]
