"""Who brings in which library, through whom, and found where: what ``tree`` tells, as a function."""

from os import PathLike
from pathlib import Path

from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.adapters.catalogs import load_catalog
from musl_audit.adapters.elf_files import facts_around, is_elf
from musl_audit.errors import WheelError
from musl_audit.judging.audit import context_of
from musl_audit.judging.rules.musl902_not_judged import RULE as NOT_JUDGED
from musl_audit.judging.settings import Settings
from musl_audit.loader.linkage import Linkage
from musl_audit.model import WheelFacts
from musl_audit.policy import Catalog
from musl_audit.wheel.extract import extract
from musl_audit.wheel.limits import Limits


def linkage_of(path: str | PathLike[str], catalog: Catalog | None = None, settings: Settings | None = None) -> Linkage:
    """
    Return every load of the file at *path*: a wheel, or an ELF file, alone or installed; by the loader that judges.

    Raise ``WheelError``, ``ElfError`` or ``OSError`` where it cannot be read.
    """
    facts = _facts(Path(path))
    context = context_of(facts, catalog or load_catalog(), settings or Settings())
    if context.arch is None:
        raise WheelError(f"{path}: no binary of it is for an architecture that the policies know", code=NOT_JUDGED.code)
    return context.linkage


def _facts(path: Path) -> WheelFacts:
    if path.is_file() and is_elf(path):
        return facts_around(path)
    with open_wheel(path, Limits()) as archive:
        return extract(archive, with_digests=False)
