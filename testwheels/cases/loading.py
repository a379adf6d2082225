"""What the loader can do since which release, and what it does not look at: relocations, TLS, segments, machines."""

from testwheels.case import Case, Elf, File, since
from testwheels.edits import (
    marked_osabi_gnu,
    moved_empty_segments,
    patchelf,
    with_more_bytes_than_memory,
    without_dynamic_segment,
    without_float_abi,
    without_hash_tables,
    without_section_headers,
    without_text_relocation_flag,
)
from testwheels.parts import ARCHES, BUNDLED, extension, libc, library, suffix

_RELR = ("--pack-dyn-relocs=relr",)
_NO_MACHINE = "the loader does not look at the machine of a file, and which error follows depends on the code"


def _for(arch: str) -> str:
    return f"cp312-cp312-musllinux_1_2_{arch}"


_PACKED = [
    *(
        Case(
            f"packed_relocations_{arch}",
            f"a library of the wheel has packed relocations, which musl applies since 1.2.4 ({arch})",
            (
                extension("calls.c", arch=arch, needed=("libpointers.so", libc(arch)), rpath=BUNDLED),
                library("libpointers.so", "pointers.c", arch=arch, link_flags=_RELR),
            ),
            finds=("MUSL009",) if arch == "loongarch64" else ("MUSL401",),
            near_miss_of="MUSL401" if arch == "loongarch64" else None,
            loads_on=since("1.2.4"),
            tags=_for(arch),
            arch=arch,
        )
        for arch in ARCHES
    ),
    Case(
        "packed_relocations_after_patchelf",
        "a library with packed relocations to which patchelf gave a longer name and a path, as repair tools do",
        (
            extension("calls.c", needed=("libpointers-0cd532bd.so", libc()), rpath=BUNDLED),
            Elf(
                "{case}.libs/libpointers-0cd532bd.so",
                ("pointers.c",),
                maker="gnu",
                link_flags=("-z", "pack-relative-relocs"),
                edits=(
                    patchelf(
                        "--set-soname",
                        "libpointers-0cd532bd.so",
                        "--set-rpath",
                        "$ORIGIN/../a/longer/path/than/before/..:$ORIGIN",
                    ),
                ),
            ),
        ),
        finds=("MUSL401",),
        loads_on=since("1.2.4"),
    ),
    Case(
        "packed_relocations_in_extension",
        "the extension module itself has packed relocations",
        (extension("pointers.c", "calls.c", link_flags=_RELR),),
        finds=("MUSL401",),
        loads_on=since("1.2.4"),
    ),
    Case(
        "relative_relocations",
        "the same library with its relocations not packed",
        (
            extension("calls.c", needed=("libpointers.so", libc()), rpath=BUNDLED),
            library("libpointers.so", "pointers.c"),
        ),
        near_miss_of="MUSL401",
    ),
]

_TLS_ARCHES = tuple(arch for arch in ARCHES if arch != "loongarch64")
_INITIAL_EXEC = ('-DMODEL="initial-exec"',)
_TLS = [
    *(
        Case(
            f"initial_exec_extension_{arch}",
            f"an extension module reaches its thread-local variable as if it were there from the start ({arch})",
            (extension("tls.c", arch=arch, compile_flags=_INITIAL_EXEC),),
            finds=("MUSL402",),
            loads_on=(),
            tags=_for(arch),
            arch=arch,
        )
        for arch in _TLS_ARCHES
    ),
    Case(
        "initial_exec_exported",
        "as initial_exec_extension, for a variable with a name",
        (extension("tls.c", compile_flags=(*_INITIAL_EXEC, '-DLINKAGE=__attribute__((visibility("default")))')),),
        finds=("MUSL402",),
        loads_on=(),
    ),
    Case(
        "initial_exec_library",
        "a library that an extension module needs has initial-exec TLS: it comes too late as well",
        (
            extension("calls.c", needed=("libtls.so", libc()), rpath=BUNDLED),
            library("libtls.so", "tls.c", compile_flags=(*_INITIAL_EXEC, "-DNAME=answer")),
        ),
        finds=("MUSL402",),
        loads_on=(),
    ),
    *(
        Case(
            f"dynamic_tls_{arch}",
            f"an extension module asks for its thread-local variable by the general model ({arch})",
            (extension("tls.c", arch=arch),),
            near_miss_of="MUSL402",
            tags=_for(arch),
            arch=arch,
        )
        for arch in _TLS_ARCHES
    ),
    Case(
        "tls_descriptors_x86_64",
        "TLS descriptors, which musl for x86_64 has had since 1.1.3",
        (extension("tls.c", maker="gnu", compile_flags=("-mtls-dialect=gnu2",)),),
        near_miss_of="MUSL406",
    ),
    Case(
        "tls_descriptors_riscv64",
        "TLS descriptors, which musl for riscv64 has since 1.2.5",
        (extension("tls.c", arch="riscv64", compile_flags=("-mtls-dialect=desc",)),),
        finds=("MUSL406",),
        loads_on=since("1.2.5"),
        tags=_for("riscv64"),
        arch="riscv64",
    ),
    Case(
        "tls_descriptors_loongarch64",
        "TLS descriptors, which musl for loongarch64 has since 1.2.6",
        (extension("tls.c", arch="loongarch64", compile_flags=("-mtls-dialect=desc",)),),
        finds=("MUSL009", "MUSL406"),
        loads_on=since("1.2.6"),
        tags=_for("loongarch64"),
        arch="loongarch64",
    ),
    Case(
        "weak_undefined_tls",
        "refers weakly to a thread-local variable that nobody defines: the loader crashes on it",
        (extension("weak_tls.c"),),
        finds=("MUSL408",),
        loads_on=(),
    ),
    Case(
        "weak_defined_tls",
        "refers weakly to a thread-local variable that a bundled library defines",
        (
            extension("weak_tls.c", needed=("libcounter.so", libc()), rpath=BUNDLED),
            library("libcounter.so", "counter.c"),
        ),
        near_miss_of="MUSL408",
    ),
]

_IFUNC_ARCHES = ("x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64")
_EXPORTED = ("-DEXPORTED",)
_RELOCATIONS = [
    *(
        Case(
            f"ifunc_{arch}",
            f"a function chosen at load time, by an IRELATIVE relocation, which musl does not know ({arch})",
            (extension("ifunc.c", arch=arch, compile_flags=("-DREFERS",)),),
            finds=("MUSL403",),
            loads_on=(),
            tags=_for(arch),
            arch=arch,
        )
        for arch in _IFUNC_ARCHES
    ),
    Case(
        "ifunc_referenced",
        "an exported function chosen at load time, to which the file refers by name: musl finds nobody",
        (extension("ifunc.c", compile_flags=("-DREFERS", *_EXPORTED)),),
        finds=("MUSL403",),
        loads_on=(),
    ),
    Case(
        "ifunc_unreferenced",
        "an exported function chosen at load time that nobody refers to",
        (extension("ifunc.c", compile_flags=_EXPORTED),),
        near_miss_of="MUSL403",
    ),
    Case(
        "unsupported_relocation",
        "a relocation for the size of a symbol, which musl for x86_64 does not know",
        (extension("symbol_size.c", maker="gnu"),),
        finds=("MUSL406",),
        loads_on=(),
    ),
    Case(
        "text_relocations",
        "compiled without -fPIC: the loader writes into the code",
        (
            extension(
                "absolute.c",
                maker="gnu",
                compile_flags=("-fno-pic", "-mcmodel=large"),
                link_flags=("-z", "notext"),
            ),
        ),
        finds=("MUSL405",),
    ),
    Case(
        "page_size_aarch64",
        "linked for pages of 4 KiB, where kernels may have 64 KiB",
        (extension(arch="aarch64", link_flags=("-z", "max-page-size=4096")),),
        finds=("MUSL305",),
        tags=_for("aarch64"),
        arch="aarch64",
        unjudged="the kernel that runs the loader has the pages that it has",
    ),
    Case(
        "page_size_x86_64",
        "linked for pages of 4 KiB, the only ones that there are",
        (extension(link_flags=("-z", "max-page-size=4096")),),
        near_miss_of="MUSL305",
    ),
    Case(
        "unsound_text_relocations",
        "the loader writes into the code, and the dynamic section does not say so: it crashes",
        (
            extension(
                "absolute.c",
                maker="gnu",
                compile_flags=("-fno-pic", "-mcmodel=large"),
                link_flags=("-z", "notext"),
                edits=(without_text_relocation_flag,),
            ),
        ),
        finds=("MUSL409",),
        loads_on=(),
    ),
    Case(
        "unsound_without_dynamic_segment",
        "no program header leads to the dynamic section any more: the loader refuses the file",
        (extension(edits=(without_dynamic_segment,)),),
        finds=("MUSL409",),
        loads_on=(),
    ),
    Case(
        "segment_with_more_bytes_than_memory",
        "a segment claims more of the file than it has memory and than there is: the loader does not look at that",
        (extension(edits=(with_more_bytes_than_memory,)),),
        near_miss_of="MUSL409",
    ),
    Case(
        "data_relocations",
        "pointers in data that is read-only after relocation: no code is written to",
        (extension("pointers.c", "calls.c"),),
        near_miss_of="MUSL405",
    ),
]

_SEGMENTS = [
    Case(
        "executable_stack",
        "an extension module asks for an executable stack, which musl never gives to a library",
        (extension(maker="gnu", link_flags=("-z", "execstack")),),
        finds=("MUSL404",),
    ),
    Case(
        "no_word_on_the_stack",
        "an extension module that says nothing about the stack",
        (extension(link_flags=("-z", "nognustack")),),
        near_miss_of="MUSL404",
    ),
    Case(
        "zero_length_segment",
        "an empty segment, as GNU ld makes one of an empty .rodata: musl asks for a mapping of no length before 1.2.3",
        (
            extension("calls.c", needed=("libempty.so", libc()), rpath=BUNDLED),
            library("libempty.so", maker="gnu", compile_flags=("-fno-asynchronous-unwind-tables",)),
        ),
        finds=("MUSL407",),
        loads_on=since("1.2.3"),
    ),
    Case(
        "zero_length_segment_within_a_page",
        "an empty segment that does not begin with a page: the mapping has a length",
        (
            extension("calls.c", needed=("libempty.so", libc()), rpath=BUNDLED),
            library(
                "libempty.so",
                maker="gnu",
                compile_flags=("-fno-asynchronous-unwind-tables",),
                edits=(moved_empty_segments,),
            ),
        ),
        near_miss_of="MUSL407",
    ),
    Case(
        "no_section_headers",
        "an extension module without section headers: the loader needs none",
        (extension("refers.c", compile_flags=("-DSTRONG=X(strlen)X(getpid)",), edits=(without_section_headers,)),),
    ),
    Case(
        "missing_symbol_without_section_headers",
        "an extension module without section headers that needs qsort_r",
        (extension("refers.c", compile_flags=("-DSTRONG=X(qsort_r)",), edits=(without_section_headers,)),),
        finds=("MUSL101",),
        loads_on=since("1.2.3"),
    ),
    Case(
        "not_stripped",
        "an extension module with its full symbol table, in which local symbols are not the loader's business",
        (extension("refers.c", compile_flags=("-DSTRONG=X(strlen)",), is_stripped=False),),
    ),
    Case(
        "hash_gnu_only",
        "an extension module with DT_GNU_HASH alone",
        (extension(link_flags=("--hash-style=gnu",)),),
    ),
    Case(
        "hash_sysv_only",
        "an extension module with DT_HASH alone",
        (extension(link_flags=("--hash-style=sysv",)),),
    ),
    Case(
        "no_hash_table",
        "an extension module without any symbol hash table: the loader crashes",
        (extension(edits=(without_hash_tables,)),),
        finds=("MUSL901",),
        loads_on=(),
    ),
]


def _suffixed(arch: str, name: str) -> Elf:
    return extension(arch=arch, name=name, end=suffix("x86_64"))


_MACHINES = [
    Case(
        "arch_mismatch_extension",
        "one of two extension modules is built for aarch64",
        (extension(), _suffixed("aarch64", "_other")),
        finds=("MUSL301",),
        loads_on=(),
        unjudged=_NO_MACHINE,
    ),
    Case(
        "arch_mismatch_everything",
        "the only extension module is built for aarch64, under a tag for x86_64",
        (_suffixed("aarch64", "_probe"),),
        finds=("MUSL301",),
        loads_on=(),
        unjudged=_NO_MACHINE,
    ),
    Case(
        "arch_mismatch_class",
        "the only extension module is built for i686, under a tag for x86_64",
        (_suffixed("i686", "_probe"),),
        finds=("MUSL301",),
        loads_on=(),
    ),
    Case(
        "arch_mismatch_needed_library",
        "the extension module is right, the library that it needs is built for aarch64",
        (
            extension("calls.c", needed=("libanswer.so", libc()), rpath=BUNDLED),
            library("libanswer.so", arch="aarch64"),
        ),
        finds=("MUSL301",),
        loads_on=(),
        unjudged=_NO_MACHINE,
    ),
    Case(
        "arch_mismatch_data",
        "carries a library for aarch64 as data, which nothing in the wheel needs",
        (extension(), Elf("{case}/payloads/libanswer-aarch64.so", ("answer.c",), arch="aarch64")),
        finds=("MUSL301:note",),
        unjudged=_NO_MACHINE,
    ),
    Case(
        "osabi_gnu",
        "a unique symbol, for which linkers mark the file as ELFOSABI_GNU: the same machine all the same",
        (extension("unique.c", maker="gnu", edits=(marked_osabi_gnu,)),),
        near_miss_of="MUSL301",
    ),
    Case(
        "isa_above_baseline",
        "a library says that it needs x86-64-v3",
        (extension(maker="gnu", link_flags=("-z", "x86-64-v3")),),
        finds=("MUSL302",),
        unjudged="the loader does not look at the instruction set",
    ),
    Case(
        "isa_used",
        "a library says that it uses AVX2 somewhere, not that it needs it",
        (extension("vectors.c", maker="gnu", compile_flags=("-mavx2", "-Wa,-mx86-used-note=yes")),),
        near_miss_of="MUSL302",
    ),
    Case(
        "soft_float",
        "built for Arm with soft floats, where the tag promises hard ones",
        (extension(arch="armv7l-soft", needed=(libc("armv7l"),), end=suffix("armv7l")),),
        finds=("MUSL303",),
        loads_on=None,
        tags=_for("armv7l"),
        arch="armv7l",
        unjudged="the loader does not look at how floats are passed",
    ),
    Case(
        "float_abi_unsaid",
        "built for Arm, and the file does not say how it passes floats: it passes none",
        (extension(arch="armv7l", edits=(without_float_abi,)),),
        near_miss_of="MUSL303",
        tags=_for("armv7l"),
        arch="armv7l",
    ),
    Case(
        "unknown_architecture",
        "built for mips64, of which nothing is known here",
        (extension(arch="mips64", link_flags=("--hash-style=sysv",)),),
        finds=("MUSL009", "MUSL902"),
        loads_on=None,
        tags=_for("mips64"),
        arch="mips64",
        unjudged="no loader for mips64 is at hand",
    ),
]


def _broken(name: str, why: str, data: bytes, path: str, **expected: object) -> Case:
    return Case(name, why, (extension(), File(path, data)), **expected)  # type: ignore[arg-type]


_HEADER = b"\x7fELF\2\1\1" + bytes(9)
_CORE = _HEADER + (4).to_bytes(2, "little") + (62).to_bytes(2, "little") + (1).to_bytes(4, "little")
_CORE += bytes(24) + bytes(4) + (64).to_bytes(2, "little") + (56).to_bytes(2, "little") + bytes(8)

_UNREADABLE = [
    _broken(
        "unreadable_extension",
        "a second extension module is cut off after 100 bytes",
        (_HEADER + (3).to_bytes(2, "little") + (62).to_bytes(2, "little")).ljust(100, b"\1"),
        f"{{case}}/_other{suffix()}",
        finds=("MUSL901",),
        loads_on=(),
    ),
    _broken(
        "unreadable_data",
        "test data that begins like ELF and goes on as text",
        b"\x7fELF is how such a file begins\n",
        "{case}/tests/garbage.bin",
        finds=("MUSL901:warning",),
        unjudged="nothing loads it",
    ),
    _broken(
        "nearly_elf_data",
        "test data that begins like ELF but for its first byte",
        b"ELF is how such a file goes on\n",
        "{case}/tests/garbage.so",
        near_miss_of="MUSL901",
    ),
    _broken(
        "core_file_data",
        "a core file as test data",
        _CORE,
        "{case}/tests/core.1234",
        finds=("MUSL902",),
        near_miss_of="MUSL901",
    ),
    _broken(
        "static_library_data",
        "an archive of object files as data: no ELF by itself",
        b"!<arch>\n",
        "{case}/lib/libanswer.a",
        near_miss_of="MUSL902",
    ),
    Case(
        "object_file_data",
        "an object file beside the module, as some packages install for their users to link",
        (extension(), Elf("{case}/lib/answer.o", ("answer.c",), form="object")),
        finds=("MUSL902",),
        near_miss_of="MUSL901",
    ),
]

CASES = [*_PACKED, *_TLS, *_RELOCATIONS, *_SEGMENTS, *_MACHINES, *_UNREADABLE]
