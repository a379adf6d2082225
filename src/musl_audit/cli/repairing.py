"""One wheel through ``repair``: planned, predicted, applied in private, judged, and only then published."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from musl_audit.audit import context_of, judge
from musl_audit.errors import LibraryError, RepairError, UsageError, WheelError
from musl_audit.facts import extract
from musl_audit.libraries import SystemLibraries
from musl_audit.limits import Limits
from musl_audit.model import Report, Settings, WheelFacts, WheelName
from musl_audit.patchers.patchelf import patch, patchelf
from musl_audit.patchers.strip import strip, strip_tool
from musl_audit.policy import Arch, Catalog
from musl_audit.ports import PackedMember
from musl_audit.repair.actions import NOTHING_TO_DO, Graft, RepairPlan, RepairSettings, Strip
from musl_audit.repair.apply import Application, PatchAction
from musl_audit.repair.flavor import Flavor, flavor_of, spell_undecided
from musl_audit.repair.plan import Proposal, propose, refusals
from musl_audit.sources.zips import ZipArchive, open_wheel
from musl_audit.tree import Tree
from musl_audit.writer import EARLIEST, pack, publish, write_archive


@dataclass(frozen=True, slots=True)
class Searching:
    """Where libraries are looked for; ``sysroot`` None: there is no musl system here."""

    sysroot: Path | None
    added: tuple[str, ...] = ()
    ldpaths: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of one wheel; status: repaired, copied, planned, refused, failed, delegated or glibc."""

    path: str
    status: str
    output: str | None = None
    plan: RepairPlan = NOTHING_TO_DO
    report: Report | None = None  # on the result, or on what it would be
    reasons: tuple[str, ...] = ()
    exit_code: int = 0


class ElfTools:
    """patchelf and strip for one architecture."""

    def __init__(self, arch: Arch) -> None:
        self._arch = arch

    def patch(self, data: bytes, actions: Iterable[PatchAction], what: str) -> bytes:
        """Return *data* with *actions* done in one call."""
        return patch(data, actions, what)

    def strip(self, data: bytes, what: str) -> bytes:
        """Return *data* without what the loader does not need."""
        return strip(data, self._arch, what)


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
    allows_pure: bool = False
    compression: int = 6
    image_plat: str | None = None  # AUDITWHEEL_PLAT

    def repaired(self, path: Path) -> Repaired:
        """Return what became of the wheel at *path*; an error of one wheel does not hide the others."""
        try:
            with open_wheel(path, self.limits) as archive:
                return self._repaired(path, archive)
        except (WheelError, RepairError, LibraryError) as error:
            return Repaired(str(path), "failed", reasons=(str(error),), exit_code=4)

    @property
    def _plat(self) -> str | None:
        return self.image_plat if self.repair.plat == "auto" else self.repair.plat

    def _repaired(self, path: Path, archive: ZipArchive) -> Repaired:  # noqa: PLR0911  # one way out per outcome
        facts = extract(archive)
        flavor = flavor_of(facts, self._plat)
        if flavor is Flavor.PURE:
            return self._pure(path)
        if flavor is Flavor.GLIBC:
            return Repaired(str(path), "glibc", reasons=("it is for glibc",))
        if flavor is not Flavor.MUSL:
            return Repaired(str(path), "refused", reasons=(spell_undecided(flavor),), exit_code=1)
        arch = context_of(facts, self.catalog, self.settings).arch
        if arch is None:
            reason = "the policies do not know its architecture"
            return Repaired(str(path), "refused", reasons=(reason,), exit_code=1)
        libraries = self._libraries(arch)
        proposal = propose(facts, self.catalog, self.settings, self.repair, libraries, image_plat=self.image_plat)
        if proposal.plan.refusals:
            return Repaired(str(path), "refused", None, proposal.plan, proposal.report, proposal.plan.refusals, 1)
        if self.is_dry_run:
            output = str(self.directory / proposal.predicted.filename)
            return Repaired(str(path), "planned", output, proposal.plan, proposal.report)
        return self._apply(path, archive, facts, proposal, libraries, arch)

    def _pure(self, path: Path) -> Repaired:
        if not self.allows_pure:
            reason = "it has no binaries: nothing to repair; --allow-pure-python-wheel copies it"
            return Repaired(str(path), "refused", reasons=(reason,), exit_code=1)
        return self._copied(path, NOTHING_TO_DO, None)

    def _libraries(self, arch: Arch) -> SystemLibraries:
        root = self.searching.sysroot
        tree = Tree(str(root)) if root is not None else None
        return SystemLibraries(tree, arch, added=self.searching.added, ldpaths=self.searching.ldpaths)

    def _apply(
        self,
        path: Path,
        archive: ZipArchive,
        facts: WheelFacts,
        proposal: Proposal,
        libraries: SystemLibraries,
        arch: Arch,
    ) -> Repaired:
        plan, name = proposal.plan, proposal.predicted.name
        if not plan.actions or name is None:
            return self._copied(path, plan, proposal.report)
        self._require_tools(plan, arch)
        application = Application(archive, facts, proposal.predicted, libraries, ElfTools(arch), self._pack)
        with TemporaryDirectory(prefix="musl-audit-") as directory:
            result = Path(directory, proposal.predicted.filename)
            with result.open("w+b") as file:
                write_archive(file, application.entries(plan.actions, self._sbom(facts, plan, name)))
            if not application.changed and result.name == path.name:
                return self._copied(path, NOTHING_TO_DO, proposal.report)
            report = self._judged(result)
            with result.open("rb") as file:
                publish(file, self.directory / result.name)
        return Repaired(str(path), "repaired", str(self.directory / result.name), plan, report)

    def _require_tools(self, plan: RepairPlan, arch: Arch) -> None:
        """Raise ``RepairError`` before any work where a tool is missing."""
        if any(isinstance(action, PatchAction) for action in plan.actions):
            patchelf()
        if any(isinstance(action, Strip) for action in plan.actions):
            strip_tool(arch)

    def _judged(self, result: Path) -> Report:
        """Return the verdict on the file that was written; raise ``RepairError`` where it is not what was predicted."""
        with open_wheel(result, self.limits) as archive:
            report = judge(extract(archive, verify_hashes=True), self.catalog, self.settings)
        broken = refusals(report)
        if broken:
            raise RepairError(f"the result does not keep its promise, though it should: {broken[0]}")
        return report

    def _sbom(self, facts: WheelFacts, plan: RepairPlan, name: WheelName) -> list[tuple[str, bytes]]:
        grafts = [action for action in plan.actions if isinstance(action, Graft)]
        if not grafts:
            return []
        from musl_audit.sbom import FILE_NAME, sbom

        directory = f"{facts.metadata.dist_infos[0]}/sboms"
        taken = {member.name for member in facts.members}
        path = next(path for path in _numbered(f"{directory}/{FILE_NAME}") if path not in taken)
        return [(path, sbom(name, grafts, self._epoch))]

    @cached_property
    def _epoch(self) -> int | None:
        """The seconds since 1970 that ``SOURCE_DATE_EPOCH`` says, None where it is not set."""
        text = os.environ.get("SOURCE_DATE_EPOCH")
        if text is None:
            return None
        if not text.isascii() or not text.isdigit():
            raise UsageError(f"SOURCE_DATE_EPOCH is no number of seconds: {text!r}")
        return int(text)

    def _pack(self, name: str, data: bytes, mode: int, old: PackedMember | None) -> PackedMember:
        return pack(name, data, mode=mode or 0o644, date_time=self._date(old), level=self.compression)

    def _date(self, old: PackedMember | None) -> tuple[int, int, int, int, int, int]:
        if self._epoch is not None:
            from time import gmtime

            year, month, day, hour, minute, second, *_ = gmtime(self._epoch)
            return year, month, day, hour, minute, second
        return old.date_time if old is not None else EARLIEST

    def _copied(self, path: Path, plan: RepairPlan, report: Report | None) -> Repaired:
        target = self.directory / path.name
        if self.is_dry_run:
            return Repaired(str(path), "planned", str(target), plan, report)
        with path.open("rb") as file:
            publish(file, target)
        return Repaired(str(path), "copied", str(target), plan, report)


def _numbered(path: str) -> Iterable[str]:
    """Yield *path*, and then the same with a number, for where it is taken."""
    stem, dot, rest = path.rpartition("/")[2].partition(".")
    directory = path.rpartition("/")[0]
    yield path
    for number in range(2, 1000):
        yield f"{directory}/{stem}-{number}{dot}{rest}"
