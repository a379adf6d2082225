"""Names, tags and metadata: what the file name says, what WHEEL and RECORD say, and what Python would import."""

from testwheels.assemble import record_row
from testwheels.case import Case, Elf, File
from testwheels.parts import BUNDLED, extension, libc, library, program, suffix, text

_NAMES = "the loader sees no names, tags or metadata"
_TOOLS = "py3-none-musllinux_1_2_x86_64"


def _named(name: str, why: str, **fields: object) -> Case:
    """Return a wheel with one clean extension module, which is about anything but the module."""
    fields.setdefault("members", (extension(),))
    return Case(name, why, unjudged=_NAMES, **fields)  # type: ignore[arg-type]


_WHEEL_NAMES = [
    _named(
        "bad_wheel_name",
        "the file name lacks the Python and ABI tags",
        filename="bad_wheel_name-1.0-musllinux_1_2_x86_64.whl",
        finds=("MUSL001",),
        loads_on=None,
    ),
    _named(
        "bad_wheel_version",
        "the version in the file name is none",
        filename="bad_wheel_version-one.point.oh-cp312-cp312-musllinux_1_2_x86_64.whl",
        finds=("MUSL001",),
        loads_on=None,
    ),
    _named(
        "wheel_name_with_build",
        "the file name has a build number and a local version, as it may",
        version="1.0+local.1",
        build="1abc",
        near_miss_of="MUSL001",
    ),
]

_TAGS = [
    _named(
        "tag_mismatch",
        "the file was renamed to musllinux, WHEEL still says linux",
        written_tags=("cp312-cp312-linux_x86_64",),
        finds=("MUSL002",),
    ),
    _named(
        "tag_mismatch_subset",
        "the file name has two platforms, WHEEL only one of them",
        tags="cp312-cp312-musllinux_1_1_x86_64.musllinux_1_2_x86_64",
        written_tags=("cp312-cp312-musllinux_1_2_x86_64",),
        finds=("MUSL002",),
    ),
    _named(
        "tag_not_expanded",
        "WHEEL repeats the compressed tag of the file name, where the specification wants one line for each",
        tags="cp312-cp312-musllinux_1_1_x86_64.musllinux_1_2_x86_64",
        written_tags=("cp312-cp312-musllinux_1_1_x86_64.musllinux_1_2_x86_64",),
        finds=("MUSL002:note",),
    ),
    _named(
        "tag_order",
        "WHEEL has the same tags in another order",
        tags="cp312-cp312-musllinux_1_1_x86_64.musllinux_1_2_x86_64",
        written_tags=("cp312-cp312-musllinux_1_2_x86_64", "cp312-cp312-musllinux_1_1_x86_64"),
        near_miss_of="MUSL002",
    ),
    _named(
        "two_dist_infos",
        "the archive has the .dist-info of another project beside its own",
        dist_infos=("two_dist_infos-1.0.dist-info", "zebra-2.0.dist-info"),
        finds=("MUSL002:error",),
    ),
    _named(
        "foreign_dist_info",
        "the archive has the .dist-info of another project only",
        dist_infos=("zebra-2.0.dist-info",),
        finds=("MUSL002:error",),
    ),
    _named(
        "unknown_musl_series",
        "musllinux_9000_0: there was never such a musl",
        tags="cp312-cp312-musllinux_9000_0_x86_64",
        finds=("MUSL005",),
    ),
    _named(
        "musllinux_1_0",
        "musllinux_1_0: there was a musl 1.0, of which nothing is known here",
        tags="cp312-cp312-musllinux_1_0_x86_64",
        finds=("MUSL902",),
        near_miss_of="MUSL005",
    ),
    _named(
        "musllinux_1_1",
        "musllinux_1_1, the older of the two series that are known",
        tags="cp312-cp312-musllinux_1_1_x86_64",
        near_miss_of="MUSL005",
    ),
    _named(
        "purelib_with_binaries",
        "WHEEL says that the root is pure, and there is an extension module",
        is_purelib=True,
        finds=("MUSL006",),
    ),
    _named(
        "purelib_with_program",
        "WHEEL says that the root is pure, and the only binary is a program, which goes to bin anyway",
        members=(program(maker="zig", form="static"),),
        is_purelib=True,
        tags=_TOOLS,
        near_miss_of="MUSL006",
    ),
    _named(
        "platform_tag_without_binaries",
        "a platform tag, and nothing but text",
        members=(text("{case}/__init__.py", "answer = 42\n"),),
        tags=_TOOLS,
        finds=("MUSL007",),
    ),
    _named(
        "platform_tag_with_data_binary",
        "a platform tag, and the only binary is a program under .data/data",
        members=(program(path="{case}-1.0.data/data/libexec/greet", maker="zig", form="static"),),
        tags=_TOOLS,
        near_miss_of="MUSL007",
    ),
    _named(
        "any_tag_with_binaries",
        "none-any, and there is a library for ctypes in it",
        members=(text("{case}/__init__.py"), Elf("{case}/libanswer.so", ("answer.c",), soname="libanswer.so")),
        tags="py3-none-any",
        is_purelib=True,
        finds=("MUSL010",),
        loads_on=None,
    ),
    _named(
        "any_tag_with_linker_script",
        "none-any, and what is called a library in it is text",
        members=(text("{case}/__init__.py"), text("{case}/libanswer.so", "INPUT(-lanswer)\n")),
        tags="py3-none-any",
        is_purelib=True,
        outcome="skip",
        loads_on=None,
        near_miss_of="MUSL010",
    ),
]

_WRONG_DIGEST = record_row("", b"something else").split(",")[1]


def _with_wrong_digest(rows: list[str], part: str) -> list[str]:
    """Return *rows* with another digest in the row of the file whose name contains *part*."""
    return [
        ",".join((row.rsplit(",", 2)[0], _WRONG_DIGEST, row.rsplit(",", 2)[2])) if part in row.split(",")[0] else row
        for row in rows
    ]


_RECORDS = [
    _named(
        "record_missing_row",
        "RECORD does not list the extension module",
        record=lambda rows: [row for row in rows if "_probe" not in row],
        finds=("MUSL003",),
    ),
    _named(
        "record_extra_row",
        "RECORD lists a file that is not in the archive",
        record=lambda rows: [record_row("record_extra_row/gone.py", b""), *rows],
        finds=("MUSL003",),
    ),
    _named(
        "record_wrong_digest",
        "RECORD has another digest for the extension module",
        record=lambda rows: _with_wrong_digest(rows, "_probe"),
        finds=("MUSL003",),
    ),
    _named(
        "record_wrong_size",
        "RECORD has another size for the extension module",
        record=lambda rows: [row + "0" if "_probe" in row else row for row in rows],
        finds=("MUSL003",),
    ),
    _named(
        "record_absent",
        "there is no RECORD: installers refuse the wheel",
        entries=lambda entries: [entry for entry in entries if entry.name != "record_absent-1.0.dist-info/RECORD"],
        finds=("MUSL003:error",),
    ),
    _named(
        "record_unverified_digest",
        "RECORD has another digest for a text file, which is compared on request only",
        members=(extension(), text("{case}/notes.txt", "one\n")),
        record=lambda rows: _with_wrong_digest(rows, "notes"),
        near_miss_of="MUSL003",
        remarks={"with_verify_hashes": "MUSL003"},
    ),
    _named(
        "record_other_order",
        "RECORD lists everything backwards, quotes names that need no quotes, and the archive lists a directory",
        members=(extension(), text('{case}/a,"b".txt', "one\n"), File("{case}/empty/", b"", 0o040755)),
        record=lambda rows: [
            f'"{row.partition(",")[0]}",{row.partition(",")[2]}' if row[0] != '"' else row
            for row in reversed(rows)
            if "empty/" not in row
        ],
        near_miss_of="MUSL003",
    ),
]

_ABI3 = "cp38-abi3-musllinux_1_2_x86_64"
_FREE = "cp313-cp313t-musllinux_1_2_x86_64"
_CP310 = "cp310-cp310-musllinux_1_2_x86_64"


def _suffixed(name: str, why: str, *ends: str, **fields: object) -> Case:
    return _named(name, why, members=tuple(extension(end=end) for end in ends), **fields)


_SUFFIXES = [
    _suffixed(
        "suffix_of_glibc",
        "the module's suffix is that of glibc's Python, which no musl Python since 3.11 imports",
        suffix(libc="gnu"),
        finds=("MUSL304",),
    ),
    _suffixed(
        "suffix_of_glibc_cp310",
        "the suffix of glibc's Python under a tag for 3.10, which upstream builds on musl want and Alpine's accept",
        suffix(python="310", libc="gnu"),
        tags=_CP310,
        near_miss_of="MUSL304",
    ),
    _suffixed(
        "suffix_of_musl_cp310",
        "the suffix of musl's Python under a tag for 3.10, which Alpine's patched builds want and upstream's do not",
        suffix(python="310"),
        tags=_CP310,
        finds=("MUSL304:warning",),
    ),
    _suffixed(
        "suffix_both_cp310",
        "the module is there under both suffixes: every Python 3.10 finds one of them",
        suffix(python="310"),
        suffix(python="310", libc="gnu"),
        tags=_CP310,
        near_miss_of="MUSL304",
    ),
    _suffixed("suffix_plain_cp310", "a plain .so for 3.10", ".so", tags=_CP310, near_miss_of="MUSL304"),
    _suffixed("suffix_plain", "a plain .so, which every Python imports", ".so", near_miss_of="MUSL304"),
    _suffixed("suffix_abi3", ".abi3.so under an abi3 tag", ".abi3.so", tags=_ABI3, near_miss_of="MUSL304"),
    _suffixed(
        "suffix_version_under_abi3",
        "the tag admits every Python from 3.8 on, the suffix only 3.12",
        suffix(),
        tags=_ABI3,
        finds=("MUSL304",),
    ),
    _suffixed(
        "suffix_abi3t_too_early",
        ".abi3t.so, which Python knows from 3.15 on, under a tag for 3.12",
        ".abi3t.so",
        finds=("MUSL304",),
    ),
    _suffixed(
        "suffix_abi3t",
        ".abi3t.so under a tag for 3.15",
        ".abi3t.so",
        tags="cp315-abi3.abi3t-musllinux_1_2_x86_64",
        near_miss_of="MUSL304",
    ),
    _suffixed(
        "suffix_abi3_triplet_too_early",
        ".abi3-x86_64-linux-musl.so, which Python knows from 3.15 on, under a tag for 3.12",
        ".abi3-x86_64-linux-musl.so",
        tags="cp312-abi3-musllinux_1_2_x86_64",
        finds=("MUSL304",),
    ),
    _suffixed(
        "suffix_abi3_triplet",
        ".abi3-x86_64-linux-musl.so under a tag for 3.15",
        ".abi3-x86_64-linux-musl.so",
        tags="cp315-abi3-musllinux_1_2_x86_64",
        near_miss_of="MUSL304",
    ),
    _suffixed(
        "suffix_other_version",
        "the suffix of Python 3.11 under a tag for 3.12",
        suffix(python="311"),
        finds=("MUSL304",),
    ),
    _suffixed(
        "suffix_other_architecture",
        "the suffix of aarch64 on a module for x86_64",
        suffix("aarch64"),
        finds=("MUSL304",),
    ),
    _suffixed(
        "suffix_without_t",
        "the suffix of Python 3.13 under a tag for its free-threaded build",
        suffix(python="313"),
        tags=_FREE,
        finds=("MUSL304",),
    ),
    _suffixed(
        "suffix_with_t",
        "the suffix of the free-threaded Python 3.13 under its tag",
        suffix(python="313t"),
        tags=_FREE,
        near_miss_of="MUSL304",
    ),
    _suffixed(
        "suffix_with_another_copy",
        "the module is there twice, once with glibc's suffix and once with one that can be imported",
        suffix(libc="gnu"),
        suffix(),
        near_miss_of="MUSL304",
    ),
    _named(
        "suffix_of_library",
        "a bundled library has a name that no Python would import: it is no extension module",
        members=(
            extension("calls.c", needed=(f"libanswer{suffix(libc='gnu')}", libc()), rpath=BUNDLED),
            library(f"libanswer{suffix(libc='gnu')}"),
        ),
        near_miss_of="MUSL304",
    ),
]

CASES = [*_WHEEL_NAMES, *_TAGS, *_RECORDS, *_SUFFIXES]
