"""From a plan to the entries of the repaired wheel, one at a time, each checked against what was predicted."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol, assert_never

from musl_audit.elf import read_elf
from musl_audit.elf.machines import MACHINES, UNKNOWN_MACHINE
from musl_audit.elf.needed import needed_last
from musl_audit.errors import ElfError, MendError, RepairError, UnmendableError
from musl_audit.model import ElfFacts, Member, WheelFacts
from musl_audit.repair.actions import (
    Action,
    AddNeeded,
    AddPolyfill,
    DropMember,
    ElfAction,
    Graft,
    MoveBehindShim,
    OwnMend,
    PatchAction,
    RenameMember,
    Retag,
    Strip,
)
from musl_audit.repair.mends import check_takes_needs, mend, spell_unmendable
from musl_audit.repair.polyfilling import BuiltPolyfills
from musl_audit.repair.predict import differences
from musl_audit.repair.wheel_metadata import is_dropped, record_text, wheel_text
from musl_audit.wheel.ports import Archive, FoundLibrary, Libraries, PackedMember
from musl_audit.wheel.record import Record, digest_of, parse_record

Pack = Callable[[str, bytes, int, PackedMember | None], PackedMember]  # name, bytes, mode, the entry it replaces
_LIBRARY_MODE, _TEXT_MODE, _PROGRAM_MODE = 0o755, 0o644, 0o755
_DIGEST_LENGTH = 43  # of SHA-256 in base64, without padding

# The first line is what installers replace by the interpreter. sys.path is searched as well, for `pip install --user`
# and `--target` put the program elsewhere than platlib.
SHIM = """\
#!python
# Starts a program that needs libraries of its wheel from where it finds them.
import os
import sys
import sysconfig

if __name__ == "__main__":
    directories = [sysconfig.get_path("platlib"), *sys.path]
    programs = [os.path.join(directory, *{parts!a}) for directory in directories]
    program = next(filter(os.path.exists, programs), programs[0])
    os.execv(program, sys.argv)
"""


class Tools(Protocol):
    """The programs that change ELF files."""

    def patch(self, data: bytes, actions: Iterable[PatchAction], what: str) -> bytes:
        """Return *data* with *actions* done in one call; raise ``RepairError``, beginning with *what*."""

    def strip(self, data: bytes, what: str) -> bytes:
        """Return *data* without what the loader does not need; raise ``RepairError``, beginning with *what*."""


@dataclass
class _Layout:
    """Where every member of the result comes from; filled by walking the actions once."""

    sources: dict[str, Member | Graft | AddPolyfill | str]  # a string is the text of a new file
    changes: dict[str, list[ElfAction]] = field(default_factory=dict)
    programs: set[str] = field(default_factory=set)  # what must be executable
    tags: Retag | None = None

    def take(self, action: Action) -> None:
        match action:
            case Graft(member=member) | AddPolyfill(member=member):
                self.sources[member] = action
            case DropMember(member=member):
                del self.sources[member]
            case RenameMember(member=member, new=new):
                self.sources[new] = self.sources.pop(member)
                if member in self.changes:
                    self.changes[new] = self.changes.pop(member)
            case MoveBehindShim(member=member, new=new):
                self.sources[new] = self.sources[member]
                self.sources[member] = SHIM.format(parts=new.split("/"))
                self.programs.add(new)
            case Retag():
                self.tags = action
            case _:
                self.changes.setdefault(action.member, []).append(action)


class Application:
    """
    Applies one plan to one archive.

    Once all entries were taken, ``changed`` tells whether any byte differs, and ``copied`` holds the members that are
    byte for byte as they were: new name → old name.
    """

    def __init__(
        self,
        archive: Archive,
        facts: WheelFacts,
        predicted: WheelFacts,
        libraries: Libraries,
        polyfills: BuiltPolyfills,
        tools: Tools,
        pack: Pack,
    ) -> None:
        self._archive = archive
        self._facts = facts
        self._predicted = {elf.path: elf for elf in predicted.elves}
        self._libraries = libraries
        self._polyfills = polyfills
        self._tools = tools
        self._pack = pack
        self._dist_info = facts.metadata.dist_infos[0] if facts.metadata.dist_infos else ""
        self._rows: list[tuple[str, str, str]] = []
        self.changed = False
        self.copied: dict[str, str] = {}

    def entries(self, actions: Iterable[Action], added: Iterable[tuple[str, bytes]] = ()) -> Iterator[PackedMember]:
        """
        Yield the entries of the result: the old order, new files before ``*.dist-info``, and ``RECORD`` last.

        *added* are further texts, such as an SBOM, in the place of members of that name. Raise ``RepairError`` where a
        tool changed more than was planned.
        """
        texts = dict(added)
        layout = _Layout({member.name: member for member in self._archive.members if member.name not in texts})
        for action in actions:
            layout.take(action)
        record = self._old_record()
        self.changed = not record.exists or any(isinstance(action, DropMember) for action in actions)
        for name in self._ordered(layout.sources):
            yield self._entry(name, layout, record)
        for name, data in texts.items():
            yield self._new(name, data, _TEXT_MODE)
        path = f"{self._dist_info}/RECORD"
        text = record_text([*self._rows, (path, "", "")])
        old = next((member for member in self._archive.members if member.name == path), None)
        packed = self._archive.packed(old) if old else None
        yield self._pack(path, text, _TEXT_MODE, packed)

    def _ordered(self, sources: Iterable[str]) -> list[str]:
        names = [name for name in sources if not is_dropped(name, self._dist_info)]
        about = [name for name in names if name.startswith(f"{self._dist_info}/")]
        return [*(name for name in names if not name.startswith(f"{self._dist_info}/")), *about]

    def _entry(self, name: str, layout: _Layout, record: Record) -> PackedMember:
        source = layout.sources[name]
        match source:
            case str():
                return self._new(name, source.encode(), _PROGRAM_MODE)
            case Graft():
                found = FoundLibrary(source.source, source.sha256, source.facts)
                return self._new(name, self._mended(name, self._libraries.read(found), layout), _LIBRARY_MODE)
            case AddPolyfill():
                return self._new(name, self._polyfills.read(name.rpartition("/")[2]), _LIBRARY_MODE)
            case Member():
                return self._old(name, source, layout, record)
            case _:
                assert_never(source)

    def _old(self, name: str, member: Member, layout: _Layout, record: Record) -> PackedMember:
        packed = self._archive.packed(member)
        if member.is_directory:
            return packed
        data = None
        if name in layout.changes:
            data = self._archive.read(member)
            new = self._mended(name, data, layout)
        elif name == f"{self._dist_info}/WHEEL" and layout.tags is not None:
            data = self._archive.read(member)
            new = wheel_text(data, layout.tags.new, updates_tags=layout.tags.updates_tags)
        if data is not None and (new != data or name in layout.programs):
            self.changed = True
            self._row(name, f"sha256={digest_of(new, 'sha256')}", len(new))
            return self._pack(name, new, _PROGRAM_MODE if name in layout.programs else member.mode & 0o777, packed)
        self.changed |= name != member.name
        self.copied[name] = member.name
        self._row(name, self._known_digest(member, record, data), member.size)
        return replace(packed, member=replace(member, name=name))

    def _known_digest(self, member: Member, record: Record, data: bytes | None) -> str:
        """
        Return the digest of an unchanged member: RECORD's own, so that nothing is inflated, where it can be one.

        A row that is wrong stays so, and whoever verifies the wheel sees it as before: a repair vouches for what it
        changed, and holding everything else against its digest would take as long as the rest of it.
        """
        row = record.row(member.name)
        if (
            row is not None
            and row.algorithm == "sha256"
            and row.size == str(member.size)
            and len(row.digest) == _DIGEST_LENGTH
        ):
            return f"sha256={row.digest}"
        return f"sha256={digest_of(self._archive.read(member) if data is None else data, 'sha256')}"

    def _new(self, name: str, data: bytes, mode: int) -> PackedMember:
        self.changed = True
        self._row(name, f"sha256={digest_of(data, 'sha256')}", len(data))
        return self._pack(name, data, mode, None)

    def _row(self, name: str, digest: str, size: int) -> None:
        self._rows.append((name, digest, str(size)))

    def _old_record(self) -> Record:
        for member in self._archive.members:
            if member.name == f"{self._dist_info}/RECORD":
                return parse_record(self._archive.read(member))
        return Record(exists=False)

    def _mended(self, name: str, data: bytes, layout: _Layout) -> bytes:
        """
        Return *data* with the planned changes, checked.

        strip comes first, as it fails on some files that patchelf wrote; patchelf next, all in one call; our own
        changes last, among them relocation tables that neither of the two should move.
        """
        actions = layout.changes.get(name, [])
        patches = [action for action in actions if isinstance(action, PatchAction)]
        data = self._tools.strip(data, name) if any(isinstance(action, Strip) for action in actions) else data
        added = [action.soname for action in patches if isinstance(action, AddNeeded)]
        if added:
            check_takes_needs(data, name)
        data = self._tools.patch(data, patches, name) if patches else data
        if added:
            data = _with_last(name, data, added)
        for action in actions:
            if isinstance(action, OwnMend):
                data = _with_mend(name, data, action)
        self._check(name, data)
        return data

    def _check(self, name: str, data: bytes) -> None:
        """Raise ``RepairError`` where *data* is not what was predicted: names, needs, symbols, relocations."""
        try:
            actual = read_elf(data, name)
            differing = differences(self._predicted[name], actual)
        except ElfError as error:
            raise RepairError(f"{name}: what a tool made of it cannot be read: {error}") from error
        if differing:
            raise RepairError(f"{name}: a tool changed more than was planned: {', '.join(differing)}")
        self._check_image(name, actual)

    def _check_image(self, name: str, actual: ElfFacts) -> None:
        """Raise ``RepairError`` where a tool wrote what is not mapped everywhere, or what the loader faults on."""
        before = self._predicted[name]
        pages = MACHINES.get(actual.identity.machine, UNKNOWN_MACHINE).largest_page
        if actual.page_congruence < min(before.page_congruence, pages):
            raise RepairError(f"{name}: a tool wrote a segment that kernels with pages of {pages} bytes cannot map")
        if actual.faults and not before.faults:
            raise RepairError(f"{name}: a tool wrote a file that musl's loader cannot load: {actual.faults[0].kind}")


def _with_mend(name: str, data: bytes, action: OwnMend) -> bytes:
    try:
        return mend(data, action)
    except MendError as error:
        raise UnmendableError(spell_unmendable(action, error), member=name) from error
    except ElfError as error:
        raise RepairError(f"{name}: {error}") from error


def _with_last(name: str, data: bytes, sonames: list[str]) -> bytes:
    """Return *data* with *sonames* behind what it needs besides, libc among it: patchelf puts them first."""
    try:
        return needed_last(data, sonames)
    except ElfError as error:
        raise RepairError(f"{name}: {error}") from error
