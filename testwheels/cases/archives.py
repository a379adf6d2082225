"""Hostile archives: members that lead outside, lie about themselves or are too much; and names meant for a terminal."""

import struct
from collections.abc import Callable
from dataclasses import replace

from testwheels.archive import HAS_DESCRIPTOR, IS_ENCRYPTED, IS_UTF8, STORED, Entry, local_part
from testwheels.case import RELEASES, Case, Elf, File
from testwheels.edits import replacing
from testwheels.parts import extension, refers, text

_ARCHIVES = "the loader sees no archive"
_MEBIBYTE = 1 << 20
Rows = Callable[[list[str]], list[str]]


def _with_member(name: str, why: str, member: File, **expected: object) -> Case:
    """Return a wheel with an extension module and one more member, which RECORD lists."""
    return Case(name, why, (extension(), member), unjudged=_ARCHIVES, **expected)  # type: ignore[arg-type]


def _unsafe(name: str, why: str, path: str, *, mode: int = 0o100644, data: bytes = b"answer = 42\n") -> Case:
    return _with_member(name, why, File(path, data, mode), finds=("MUSL004",))


_PATHS = [
    _unsafe("unsafe_traversal", "a member that climbs out of the directory it is installed to", "../evil.py"),
    _unsafe("unsafe_traversal_inside", "a member that climbs out further on", "{case}/sub/../../../evil.py"),
    _unsafe("unsafe_absolute", "a member with an absolute path", "/etc/evil.py"),
    _unsafe("unsafe_backslash", "a member with a backslash, which is a separator elsewhere", "{case}\\..\\evil.py"),
    _unsafe("unsafe_symlink", "a member that is a symbolic link", "{case}/link", mode=0o120777, data=b"/etc/passwd"),
    _unsafe("unsafe_device", "a member that is a device", "{case}/device", mode=0o020666, data=b""),
    _with_member(
        "unusual_paths",
        "names that look unsafe and are not: dots, blanks, tildes, a percent sign, letters beyond ASCII",
        text("{case}/...a..b/ ~%2e%2e.\u00e4\u4e2d.txt", "one\n"),
        near_miss_of="MUSL004",
    ),
]

_TWINS = [
    Case(
        "duplicate_member",
        "two members of one name",
        (extension(), text("{case}/data.txt", "one\n")),
        finds=("MUSL004",),
        entries=lambda entries: [*entries[:2], entries[1], *entries[2:]],
        unjudged=_ARCHIVES,
    ),
    Case(
        "duplicate_after_case_folding",
        "two members whose names differ in case only: one on many file systems",
        (extension(), text("{case}/data.txt", "one\n"), text("{case}/DATA.txt", "two\n")),
        finds=("MUSL004",),
        unjudged=_ARCHIVES,
    ),
    Case(
        "duplicate_after_installation",
        "two members that are installed to one path",
        (extension(), text("{case}/data.txt", "one\n"), text("{case}-1.0.data/purelib/{case}/data.txt", "two\n")),
        finds=("MUSL004",),
        unjudged=_ARCHIVES,
    ),
    Case(
        "same_name_in_other_trees",
        "members of one name that are installed to different trees",
        (
            extension(),
            text("{case}/data.txt", "one\n"),
            text("{case}-1.0.data/data/{case}/data.txt", "two\n"),
            text("{case}-1.0.data/scripts/data.txt", "#!python\n"),
        ),
        near_miss_of="MUSL004",
        unjudged=_ARCHIVES,
    ),
]


def _changed(part: str, **changes: object) -> Callable[[list[Entry]], list[Entry]]:
    """Return a change of the entry whose name contains *part*."""

    def entries(originals: list[Entry]) -> list[Entry]:
        return [
            replace(entry, **changes) if part in str(entry.name) else entry  # type: ignore[arg-type]
            for entry in originals
        ]

    return entries


def _overlapping(entries: list[Entry]) -> list[Entry]:
    """Return *entries* with the header and data of ``inner.txt`` inside the data of ``outer.txt``."""
    inner = next(entry for entry in entries if "inner.txt" in str(entry.name))
    outer = next(entry for entry in entries if "outer.txt" in str(entry.name))
    before = sum(len(local_part(entry)) for entry in entries[: entries.index(outer)] if entry is not inner)
    start = before + len(local_part(replace(outer, method=STORED))) - len(outer.data)
    changed = {inner: replace(inner, method=STORED, data_start=start), outer: replace(outer, method=STORED)}
    return [changed.get(entry, entry) for entry in entries]


def _lie(name: str, why: str, part: str, *, record: Rows | None = None, hides: bool = False, **changes: object) -> Case:
    """Return a wheel in which the headers of one member, whose name contains *part*, are changed; does it *hide* it."""
    return Case(
        name,
        why,
        (extension(), text("{case}/data.txt", "one\n")),
        finds=("MUSL004", "MUSL902") if hides else ("MUSL004",),
        loads_on=None if part == "_probe" else RELEASES,
        record=record,
        entries=_changed(part, **changes),
        unjudged=_ARCHIVES,
    )


_INNER = Entry("overlapping_members/inner.txt", b"answer = 42\n", method=STORED)

_LIES = [
    _lie(
        "local_name_differs",
        "a member's own header has another name than the directory",
        "data.txt",
        local_name="local_name_differs/evil.py",
    ),
    _lie(
        "encrypted_member", "a member is marked as encrypted", "data.txt", hides=True, flags=IS_ENCRYPTED, method=STORED
    ),
    _lie(
        "declared_size_too_small",
        "the extension module inflates to more than it declares, to the archive and to RECORD",
        "_probe",
        record=lambda rows: [f"{row.rpartition(',')[0]},1000" if "_probe" in row else row for row in rows],
        hides=True,
        declared_size=1000,
    ),
    _lie(
        "wrong_checksum",
        "the extension module has another checksum than it declares",
        "_probe",
        hides=True,
        declared_crc=0x1234,
    ),
    Case(
        "overlapping_members",
        "one member lies inside another's data",
        (extension(), text("{case}/inner.txt", "answer = 42\n"), File("{case}/outer.txt", local_part(_INNER))),
        finds=("MUSL004",),
        entries=_overlapping,
        unjudged=_ARCHIVES,
    ),
    Case(
        "streamed_archive",
        "sizes and checksums come after the data, as when an archive is written to a pipe; and it has a comment",
        (extension(), text("{case}/data.txt", "one\n")),
        near_miss_of="MUSL004",
        entries=lambda entries: [replace(entry, flags=HAS_DESCRIPTOR) for entry in entries],
        comment=b"streamed",
        unjudged=_ARCHIVES,
    ),
    Case(
        "stored_archive",
        "nothing is compressed, and every member has an extra field that nobody knows",
        (extension(), text("{case}/data.txt", "one\n")),
        near_miss_of="MUSL004",
        entries=lambda entries: [
            replace(entry, method=STORED, extra=struct.pack("<HH4s", 0xCAFE, 4, b"none")) for entry in entries
        ],
        unjudged=_ARCHIVES,
    ),
]

_LIMITS = [
    _with_member(
        "bomb",
        "a member of 72 MiB in 72 KB",
        File("{case}/zeros.bin", bytes(72 * _MEBIBYTE)),
        finds=("MUSL004", "MUSL902"),
    ),
    _with_member(
        "small_bomb",
        "a member of 60 MiB in 60 KB: the same ratio, within what any machine bears",
        File("{case}/zeros.bin", bytes(60 * _MEBIBYTE)),
        near_miss_of="MUSL004",
    ),
    Case(
        "truncated_archive",
        "the archive is cut off, its directory is gone",
        (extension(),),
        finds=("MUSL004",),
        loads_on=None,
        outcome="failure",
        archive=lambda data: data[: len(data) // 2],
        unjudged=_ARCHIVES,
    ),
    Case(
        "not_an_archive",
        "a page of a web server under a wheel's name",
        (extension(),),
        finds=("MUSL004",),
        loads_on=None,
        outcome="failure",
        archive=lambda _: b"<!DOCTYPE html>\n<title>404 Not Found</title>\n",
        unjudged=_ARCHIVES,
    ),
    Case(
        "empty_file",
        "no byte under a wheel's name",
        (extension(),),
        finds=("MUSL004",),
        loads_on=None,
        outcome="failure",
        archive=lambda _: b"",
        unjudged=_ARCHIVES,
    ),
]

_EVIL = "\x1b[31m[red]::error file=x::evil\n::error::\u202e%0A<img src=x>\x07"
_EVIL_SONAME = b"lib\x1b[2K\r\xe2\x80\xae[/red]\n::set-output\xff\xfe"
_PLACEHOLDER = "N" * len(_EVIL_SONAME)

_NAMES = [
    Case(
        "hostile_member_name",
        "a library whose name changes colours, turns text around and gives a CI system orders needs a missing symbol",
        (Elf(f"{{case}}/{_EVIL}.so", ("refers.c",), compile_flags=refers("frobnicate")),),
        finds=("MUSL004:warning", "MUSL102"),
        loads_on=(),
        tags="py3-none-musllinux_1_2_x86_64",
    ),
    Case(
        "hostile_soname",
        "a library calls itself by bytes that are not UTF-8 and speak to the terminal",
        (
            extension(),
            Elf(
                "{case}/libanswer.so",
                ("answer.c",),
                soname=_PLACEHOLDER,
                edits=(replacing(_PLACEHOLDER.encode(), _EVIL_SONAME),),
            ),
        ),
    ),
    _with_member(
        "member_name_in_code_page_437",
        "a name of bytes that are not UTF-8, without the flag that says they are: an old code page",
        File(b"member_name_in_code_page_437/caf\x82\xff.txt", b"one\n"),
        finds=("MUSL004:warning",),
    ),
    Case(
        "member_name_not_utf8",
        "a name with the flag for UTF-8, which it is not",
        (extension(), File(b"member_name_not_utf8/caf\xe9\xff.txt", b"one\n")),
        finds=("MUSL004",),
        loads_on=None,
        outcome="failure",
        entries=_changed("caf", flags=IS_UTF8),
        unjudged=_ARCHIVES,
    ),
]

CASES = [*_PATHS, *_TWINS, *_LIES, *_LIMITS, *_NAMES]
