"""From a plan to entries: order, modes, rows of RECORD, and what is checked on the way."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.support.fake_libraries import FactLibraries
from tests.support.repairs import graftee

from musl_audit import load_catalog
from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.adapters.polyfills import ShippedPolyfills
from musl_audit.adapters.writer import EARLIEST, pack
from musl_audit.errors import RepairError
from musl_audit.repair.actions import Action, MoveBehindShim, PatchAction, RenameMember, Retag, SetRunpath, SetSoname
from musl_audit.repair.apply import Application
from musl_audit.repair.predict import predict
from musl_audit.wheel.extract import extract
from musl_audit.wheel.ports import PackedMember
from musl_audit.wheel.record import digest_of, parse_record

TOOL, RECORD = "graftee-1.0.data/scripts/graftee", "graftee-1.0.dist-info/RECORD"


class Doing:
    """``Tools`` that return what they are told to."""

    def __init__(self, result: bytes | None = None) -> None:
        self._result = result

    def patch(self, data: bytes, actions: Iterable[PatchAction], what: str) -> bytes:  # noqa: ARG002  # a protocol
        return data if self._result is None else self._result

    def strip(self, data: bytes, what: str) -> bytes:  # noqa: ARG002  # a protocol
        return data


def packed(name: str, data: bytes, mode: int, old: PackedMember | None) -> PackedMember:
    return pack(name, data, mode=mode, date_time=old.date_time if old else EARLIEST, level=0)


def applied(wheel: Path, actions: tuple[Action, ...], tools: Doing | None = None) -> dict[str, PackedMember]:
    """Return the entries of the result, by name, in order."""
    with open_wheel(wheel) as archive:
        facts = extract(archive)
        polyfills = ShippedPolyfills(load_catalog().arches["x86_64"])
        predicted = predict(facts, actions)
        application = Application(archive, facts, predicted, FactLibraries({}), polyfills, tools or Doing(), packed)
        return {
            entry.member.name: entry for entry in application.entries(actions, [("graftee-1.0.dist-info/new", b"x")])
        }


def copied(directory: Path, **members: tuple[bytes, int]) -> Path:
    """Return a copy of the wheel with further members, each with its mode."""
    target = directory / graftee().name
    with zipfile.ZipFile(graftee()) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            if info.filename != RECORD:
                info.external_attr = 0 if info.filename == TOOL else info.external_attr
                new.writestr(info, old.read(info.filename))
        for name, (data, mode) in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            new.writestr(info, data)
        new.writestr(RECORD, old.read(RECORD))
    return target


def test_the_order_and_the_rows() -> None:
    """The old order, what is new before RECORD, RECORD last, a right row for each file."""
    entries = applied(graftee(), ())

    with zipfile.ZipFile(graftee()) as archive:
        assert [*entries] == [*archive.namelist()[:-1], "graftee-1.0.dist-info/new", RECORD]
        old = parse_record(archive.read(RECORD)).rows
    rows = parse_record(entries[RECORD].data).rows
    assert {name: row for name, row in rows.items() if name != "graftee-1.0.dist-info/new"} == old
    assert rows["graftee-1.0.dist-info/new"] == (f"sha256={digest_of(b'x', 'sha256')}", "1")


def test_a_row_that_can_be_none_is_written_anew(tmp_path: Path) -> None:
    """Without digest, of another size, of another algorithm; directories have no row."""
    wheel = copied(tmp_path, **{"unlisted": (b"1", 0o100644), "directory/": (b"", 0o40755)})

    entries = applied(wheel, ())

    rows = parse_record(entries[RECORD].data).rows
    assert rows["unlisted"] == (f"sha256={digest_of(b'1', 'sha256')}", "1")
    assert "directory/" in entries
    assert "directory/" not in rows


def test_a_program_behind_its_shim_is_executable(tmp_path: Path) -> None:
    """Both are, whatever the archive said of the program."""
    moved = (MoveBehindShim(TOOL, "graftee.scripts/graftee"), SetRunpath("graftee.scripts/graftee", ()))

    entries = applied(copied(tmp_path), moved)

    assert [entries[name].member.mode & 0o777 for name in (TOOL, "graftee.scripts/graftee")] == [0o755, 0o755]
    assert entries[TOOL].data.startswith(b"#!python\n")


def test_the_shim_is_python_whatever_the_name() -> None:
    """A quote, a brace, a letter beyond ASCII: a name is data."""
    name = "graftee.scripts/it's {x} \u00fc"

    entries = applied(graftee(), (MoveBehindShim(TOOL, name),))

    compile(entries[TOOL].data, "shim", "exec")
    assert entries[TOOL].data.isascii()


def test_a_renamed_member_has_a_row_under_its_new_name() -> None:
    """And none under the old one."""
    old = "graftee/_graftee.cpython-311-x86_64-linux-musl.so"

    entries = applied(graftee(), (RenameMember(old, "graftee/_graftee.so"),))

    rows = parse_record(entries[RECORD].data).rows
    assert ("graftee/_graftee.so" in rows, old in rows, old in entries) == (True, False, False)


@pytest.mark.parametrize(
    ("made", "reason"), [(None, "changed more than was planned: soname"), (b"text", "cannot be read")]
)
def test_a_tool_that_does_something_else_is_caught(made: bytes | None, reason: str) -> None:
    """Its output is read again."""
    with pytest.raises(RepairError, match=reason):
        applied(graftee(), (SetSoname("graftee/_graftee.cpython-311-x86_64-linux-musl.so", "x"),), Doing(made))


def test_only_what_changes_is_packed_anew() -> None:
    """Here nothing but WHEEL and RECORD: all else keeps its compression."""
    with open_wheel(graftee()) as archive:
        facts = extract(archive)
    assert facts.name is not None

    entries = applied(
        graftee(), (Retag(facts.name.__class__("graftee", "1.0", "7", ("cp311",), ("cp311",), ("any",))),)
    )

    stored = {name.rpartition("/")[2] for name, entry in entries.items() if entry.method == 0}
    assert stored == {"WHEEL", "RECORD", "new"}
