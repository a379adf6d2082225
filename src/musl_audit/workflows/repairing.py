"""One wheel through ``repair``: planned, predicted, applied in private, judged, and only then published."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from os import PathLike
from pathlib import Path

from musl_audit import __version__
from musl_audit.adapters.archive.zips import ZipArchive, open_wheel
from musl_audit.adapters.catalogs import load_catalog
from musl_audit.adapters.libraries import SystemLibraries
from musl_audit.adapters.patchers.patchelf import patch, patchelf
from musl_audit.adapters.patchers.strip import strip, strip_tool
from musl_audit.adapters.polyfills import ShippedPolyfills
from musl_audit.adapters.tree import Tree
from musl_audit.adapters.writer import EARLIEST, copy, pack, publish, unpublished, write_archive
from musl_audit.errors import LibraryError, RepairError, UnmendableError, WheelError
from musl_audit.frozen import frozen
from musl_audit.judging.audit import judge
from musl_audit.judging.claims import check_floor
from musl_audit.judging.settings import Settings
from musl_audit.model import MuslVersion, Report, WheelFacts, WheelName
from musl_audit.policy import Arch, Catalog
from musl_audit.repair.actions import (
    NOTHING_TO_DO,
    AddPolyfill,
    Graft,
    PatchAction,
    RenameMember,
    RepairPlan,
    RepairSettings,
    RewriteThreadLocals,
    Strip,
)
from musl_audit.repair.apply import Application
from musl_audit.repair.best_effort import mended, passing_floor
from musl_audit.repair.flavor import Flavor, flavor_of, spell_undecided
from musl_audit.repair.mends import foreseen
from musl_audit.repair.plan import Proposal, as_promised, propose, refusals
from musl_audit.repair.tags import check_plat
from musl_audit.repair.wheel_metadata import is_signature
from musl_audit.wheel.extract import extract
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.ports import PackedMember


@frozen
class Searching:
    """Where libraries are looked for; ``sysroot`` None: there is no musl system here."""

    sysroot: Path | None
    added: tuple[str, ...] = ()
    ldpaths: tuple[str, ...] | None = None
    believes_wheels: bool = False  # a system that they may have been built on


class RepairStatus(StrEnum):
    """What became of a wheel."""

    REPAIRED = "repaired"
    COPIED = "copied"  # it was fine as it is
    PLANNED = "planned"  # nothing was written, as asked
    REFUSED = "refused"
    FAILED = "failed"
    DELEGATED = "delegated"  # to auditwheel
    FOR_GLIBC = "glibc"  # nothing was done: it is auditwheel's


@frozen
class Repaired:
    """What became of one wheel."""

    path: str
    status: RepairStatus
    output: str | None = None
    plan: RepairPlan = NOTHING_TO_DO
    report: Report | None = None  # on the result, or on what it would be
    reasons: tuple[str, ...] = ()  # why it was refused or failed; of a best effort, what remains
    exit_code: int = 0
    mended: tuple[str, ...] = ()  # of what does not keep its promise: what is, or would be, mended all the same
    passing_floor: MuslVersion | None = None  # the lowest that such a result would pass
    keeps_promise: bool | None = None  # None: nobody asked


class ElfTools:
    """patchelf and strip for one architecture."""

    def __init__(self, arch: Arch, strip_level: str) -> None:
        self._arch = arch
        self._level = strip_level

    def patch(self, data: bytes, actions: Iterable[PatchAction], what: str) -> bytes:
        """Return *data* with *actions* done in one call."""
        return patch(data, actions, what)

    def strip(self, data: bytes, what: str) -> bytes:
        """Return *data* without what the loader does not need."""
        return strip(data, self._arch, self._level, what)


@dataclass(frozen=True)
class Workshop:
    """How wheels are repaired, the same for each of a run."""

    directory: Path
    catalog: Catalog
    settings: Settings
    repair: RepairSettings
    searching: Searching
    limits: Limits
    is_dry_run: bool = False
    is_best_effort: bool = False  # write what does not keep its promise, too
    allows_pure: bool = False
    compression: int = 6
    image_plat: str | None = None  # AUDITWHEEL_PLAT
    epoch: int | None = None  # SOURCE_DATE_EPOCH: seconds since 1970
    published: set[Path] = field(default_factory=set)

    def repaired(self, path: Path) -> Repaired:
        """Return what became of the wheel at *path*; an error of one wheel does not hide the others."""
        try:
            with open_wheel(path, self.limits) as archive:
                return self._repaired(path, archive)
        except (WheelError, RepairError, LibraryError) as error:
            return Repaired(str(path), RepairStatus.FAILED, reasons=(str(error),), exit_code=4)
        except OSError as error:  # of a temporary directory: full, or not there
            reason = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
            return Repaired(str(path), RepairStatus.FAILED, reasons=(reason,), exit_code=4)

    @property
    def _plat(self) -> str | None:
        return self.image_plat if self.repair.plat == "auto" else self.repair.plat

    def _repaired(self, path: Path, archive: ZipArchive) -> Repaired:
        facts = extract(archive, with_digests=False)
        from musl_audit.workflows.examining import reason_to_skip

        if (reason := reason_to_skip(path.name)) and reason not in ("manylinux", "sdist"):
            return _refused(path, RepairPlan(refusals=(f"skipped: {reason}",)))
        match flavor_of(facts, self.catalog, self._plat):
            case Flavor.PURE:
                return self._pure(path)
            case Flavor.GLIBC:
                return Repaired(str(path), RepairStatus.FOR_GLIBC, reasons=("it is for glibc",))
            case Flavor.MUSL:
                return self._planned(path, archive, facts)
            case (Flavor.MIXED | Flavor.UNKNOWN) as flavor:
                return _refused(path, RepairPlan(refusals=(spell_undecided(flavor),)))

    def _pure(self, path: Path) -> Repaired:
        if self.allows_pure:
            return self._copied(path, NOTHING_TO_DO, None)
        reason = "it has no binaries: nothing to repair; --allow-pure-python-wheel copies it"
        return _refused(path, RepairPlan(refusals=(reason,)))

    def _planned(self, path: Path, archive: ZipArchive, facts: WheelFacts) -> Repaired:
        """Return what became of a musl wheel; what turns out to be unmendable is left out, and the rest done."""
        unmendable: dict[str, str] = {}
        while True:
            try:
                return self._attempted(path, archive, facts, unmendable)
            except UnmendableError as error:
                if error.member in unmendable:
                    raise
                unmendable[error.member] = str(error)

    def _attempted(self, path: Path, archive: ZipArchive, facts: WheelFacts, unmendable: Mapping[str, str]) -> Repaired:
        proposal = propose(
            facts,
            self.catalog,
            self.settings,
            self.repair,
            self._libraries,
            image_plat=self.image_plat,
            unmendable=unmendable,
            polyfills=ShippedPolyfills,
        )
        if isinstance(proposal, RepairPlan):
            return _refused(path, proposal)
        if not proposal.plan.refusals:
            return replace(self._done(path, archive, facts, proposal), keeps_promise=True)
        if self.is_best_effort:
            return self._with_remains(self._done(path, archive, facts, proposal), facts, proposal)
        for error in foreseen(archive, proposal.plan.actions):  # what cannot be mended is not said to be mendable
            raise error
        return self._with_remains(_refused(path, proposal.plan), facts, proposal)

    def _done(self, path: Path, archive: ZipArchive, facts: WheelFacts, proposal: Proposal) -> Repaired:
        if not proposal.plan.actions:
            return self._copied(path, proposal.plan, proposal.report)
        if self.is_dry_run:
            return self._tried(path, archive, proposal)
        return self._applied(path, archive, facts, proposal)

    def _with_remains(self, done: Repaired, facts: WheelFacts, proposal: Proposal) -> Repaired:
        """Return *done* with what remains, what is mended, and the floor that it would pass."""
        before = judge(as_promised(facts, proposal.promise), self.catalog, self.settings)
        result = as_promised(proposal.predicted, proposal.promise)
        return replace(
            done,
            report=done.report or proposal.report,
            reasons=proposal.plan.refusals,
            mended=tuple(mended(before, proposal.report)),
            passing_floor=passing_floor(result, self.catalog, proposal.settings, proposal.report),
            keeps_promise=False,
        )

    def _tried(self, path: Path, archive: ZipArchive, proposal: Proposal) -> Repaired:
        for error in foreseen(archive, proposal.plan.actions):
            raise error
        output = str(self.directory / proposal.predicted.filename)
        plan = _with_what_goes(proposal.plan, archive)
        return Repaired(str(path), RepairStatus.PLANNED, output, plan, proposal.report)

    def _libraries(self, arch: Arch) -> SystemLibraries:
        root = self.searching.sysroot
        tree = Tree(str(root)) if root is not None else None
        searching = self.searching
        return SystemLibraries(
            tree,
            arch,
            added=searching.added,
            ldpaths=searching.ldpaths,
            believes_wheels=searching.believes_wheels,
        )

    def _applied(self, path: Path, archive: ZipArchive, facts: WheelFacts, proposal: Proposal) -> Repaired:
        plan, arch = proposal.plan, proposal.arch
        _require_tools(plan, arch)
        predicted, libraries, polyfills = proposal.predicted, self._libraries(arch), ShippedPolyfills(arch)
        tools = ElfTools(arch, self.repair.strip or "unneeded")
        application = Application(archive, facts, predicted, libraries, polyfills, tools, self._pack)
        target = self.directory / predicted.filename
        with unpublished(target) as file:
            write_archive(file, application.entries(plan.actions, self._sbom(archive, facts, plan, proposal.promise)))
            if not application.changed and target.name == path.name:
                return self._copied(path, NOTHING_TO_DO, proposal.report)
            file.flush()
            report = self._judged(ZipArchive(file, target.name, self.limits), facts, application, proposal)
            self._take(target)
            publish(file, target)
        return Repaired(str(path), RepairStatus.REPAIRED, str(target), _with_what_goes(plan, archive), report)

    def _take(self, target: Path) -> None:
        """Note where a result goes; raise ``RepairError`` where another one of this run went there."""
        if target in self.published:
            raise RepairError(f"{target} was written for another wheel of this run already")
        self.published.add(target)

    def _judged(self, written: ZipArchive, facts: WheelFacts, application: Application, proposal: Proposal) -> Report:
        """Return the verdict on the file that was written; raise ``RepairError`` where it is not what was predicted."""
        elves = {elf.path: elf for elf in facts.elves}
        known = {
            new: replace(elves[old], path=new) if old in elves else None for new, old in application.copied.items()
        }
        result = extract(written, with_digests=False, known=known)
        report = judge(as_promised(result, proposal.promise), self.catalog, proposal.settings)
        broken = (*refusals(report), *(problem.detail for problem in result.record_problems if problem.detail))
        foreseen_ones = set(refusals(proposal.report))
        if unforeseen := [reason for reason in broken if reason not in foreseen_ones]:
            raise RepairError(f"the result does not keep its promise, though it should: {unforeseen[0]}")
        return report

    def _sbom(
        self, archive: ZipArchive, facts: WheelFacts, plan: RepairPlan, name: WheelName
    ) -> list[tuple[str, bytes]]:
        added = [action for action in plan.actions if isinstance(action, Graft | AddPolyfill)]
        names = {action.member: action.new for action in plan.actions if isinstance(action, RenameMember)}
        rewritten = [action.member for action in plan.actions if isinstance(action, RewriteThreadLocals)]
        if not added and not rewritten:
            return []
        from musl_audit.adapters.sbom import FILE_NAME, sbom
        from musl_audit.adapters.sbom_merging import merged

        path = f"{facts.metadata.dist_infos[0]}/sboms/{FILE_NAME}"
        renamed = [names.get(one, one) for one in rewritten]
        text = sbom(name, plan.actions, self.epoch, version=__version__, rewritten=renamed)
        earlier = next((member for member in facts.members if member.name == path), None)
        if earlier is not None and (both := merged(archive.read(earlier), text)) is not None:
            return [(path, both)]
        taken = {member.name.casefold() for member in facts.members}
        return [(next(free for free in _numbered(path) if free.casefold() not in taken), text)]

    def _pack(self, name: str, data: bytes, mode: int, old: PackedMember | None) -> PackedMember:
        return pack(name, data, mode=mode or 0o644, date_time=self._date(old), level=self.compression)

    def _date(self, old: PackedMember | None) -> tuple[int, int, int, int, int, int]:
        if self.epoch is not None:
            from time import gmtime

            year, month, day, hour, minute, second, *_ = gmtime(self.epoch)
            return year, month, day, hour, minute, second
        return old.date_time if old is not None else EARLIEST

    def _copied(self, path: Path, plan: RepairPlan, report: Report | None) -> Repaired:
        target = self.directory / path.name
        if self.is_dry_run:
            return Repaired(str(path), RepairStatus.PLANNED, str(target), plan, report)
        self._take(target)
        if not (target.exists() and target.samefile(path)):
            with path.open("rb") as file:
                copy(file, target)
        return Repaired(str(path), RepairStatus.COPIED, str(target), plan, report)


def _refused(path: Path, plan: RepairPlan, report: Report | None = None) -> Repaired:
    return Repaired(str(path), RepairStatus.REFUSED, None, plan, report, plan.refusals, 1)


def _require_tools(plan: RepairPlan, arch: Arch) -> None:
    """Raise ``RepairError`` before any work where a tool is missing."""
    if any(isinstance(action, Strip) for action in plan.actions):
        strip_tool(arch)
    if any(isinstance(action, PatchAction) for action in plan.actions):
        patchelf()


def _with_what_goes(plan: RepairPlan, archive: ZipArchive) -> RepairPlan:
    """Return *plan* with a note for each signature of the RECORD that is written anew."""
    signatures = [member.name for member in archive.members if is_signature(member.name)]
    notes = (f"{name} is left out: what it signed is written anew" for name in signatures)
    return replace(plan, notes=(*plan.notes, *notes))


def _numbered(path: str) -> Iterator[str]:
    """Yield *path*, and then the same with a number, for where it is taken."""
    directory, _, name = path.rpartition("/")
    stem, dot, rest = name.partition(".")
    yield path
    for number in count(2):
        yield f"{directory}/{stem}-{number}{dot}{rest}"


def repair_wheel(  # noqa: PLR0913  # all but three are keywords
    path: str | PathLike[str],
    wheel_dir: str | PathLike[str],
    settings: Settings | None = None,
    *,
    repair_settings: RepairSettings | None = None,
    searching: Searching | None = None,
    catalog: Catalog | None = None,
    limits: Limits | None = None,
    dry_run: bool = False,
    best_effort: bool = False,
    epoch: int | None = None,
) -> Repaired:
    """
    Write what becomes of the wheel at *path* into *wheel_dir*, which exists, and return what that is.

    The result is judged by *settings* before it appears; one that does not keep its promise is written only with
    *best_effort*. *searching* says where libraries come from, by default nowhere. *epoch* (seconds since 1970) is the
    time of what is written anew. A wheel that cannot be read or mended is an answer, with its reasons, no exception;
    one for glibc is left alone. Raise ``UsageError`` for settings that mean nothing.
    """
    catalog = catalog or load_catalog()
    settings = settings or Settings()
    repair_settings = repair_settings or RepairSettings()
    check_floor(settings, catalog)
    check_plat(repair_settings.plat, catalog)
    workshop = Workshop(
        directory=Path(wheel_dir),
        catalog=catalog,
        settings=settings,
        repair=repair_settings,
        searching=searching or Searching(sysroot=None),
        limits=limits or Limits(),
        is_dry_run=dry_run,
        is_best_effort=best_effort,
        epoch=epoch,
    )
    return workshop.repaired(Path(path))
