"""Wheels that somebody asks an interpreter about: read, and held against it."""

from collections.abc import Sequence
from functools import partial

from musl_audit.adapters.interpreter.loaders import LARGEST_LOADER
from musl_audit.adapters.interpreter.python import has_library, library_folders
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.elf import read_elf
from musl_audit.environment.rules.env901_could_not_read import RULE as COULD_NOT_READ
from musl_audit.environment.tags import accepted_tags
from musl_audit.environment.values import Interpreter, WheelAnswer
from musl_audit.environment.wheels import Target, answer
from musl_audit.errors import ElfError, WheelError
from musl_audit.frozen import frozen
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Failure, Skip, WheelFacts
from musl_audit.policy import Catalog
from musl_audit.wheel.dist_info import dist_infos_of, main_dist_info
from musl_audit.wheel.extract import extract
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.ports import Archive

_LARGEST_METADATA = 16 << 20


@frozen
class WheelAnswers:
    """The answers about the wheels that somebody named, and what of them could not be read, or is not for musl."""

    answers: tuple[WheelAnswer, ...] = ()
    failures: tuple[Failure, ...] = ()
    skipped: tuple[Skip, ...] = ()


def answer_wheels(
    references: Sequence[str], tree: Tree, interpreter: Interpreter, platforms: Sequence[str], catalog: Catalog
) -> WheelAnswers:
    """Return the answers of *interpreter* about the wheels that *references* mean."""
    if not references:
        return WheelAnswers()
    from musl_audit.adapters.sources import find_sources
    from musl_audit.adapters.sources.binaries import Binary

    folders = library_folders(tree, interpreter)
    target = Target(
        interpreter=interpreter,
        accepted=accepted_tags(interpreter, platforms),
        platforms=platforms,
        has_library=partial(has_library, tree, folders),
        libc_exports=_exports(tree, interpreter),
    )
    answers, failures, skipped = [], [], []
    for found in find_sources(references):
        if isinstance(found, Binary) or (isinstance(found, Skip) and found.reason == "not a wheel"):
            message = f"{found.path}: not a wheel (PYTHON is named before --wheel)"
            failures.append(Failure(found.path, COULD_NOT_READ.code, message))
            continue
        if isinstance(found, Skip):
            skipped.append(found)
            continue
        if isinstance(found, Failure):
            failures.append(Failure(found.path, COULD_NOT_READ.code, f"{found.path}: {found.message}"))
            continue
        try:
            with found.open(Limits()) as archive:
                facts = extract(archive)
                requires = _requires_python(archive, facts)
        except WheelError as error:
            failures.append(Failure(found.path, COULD_NOT_READ.code, f"{found.path}: {error}"))
            continue
        answers.append(answer(found.path, facts, target, catalog, requires))
    if not answers and not failures:
        failures.append(Failure(references[0], COULD_NOT_READ.code, f"{references[0]}: there is no wheel"))
    return WheelAnswers(tuple(answers), tuple(failures), tuple(skipped))


def _requires_python(archive: Archive, facts: WheelFacts) -> str | None:
    """Return what the metadata of a wheel requires, None where it requires nothing that can be read."""
    from email.parser import HeaderParser

    files = {member.name: member for member in archive.members if not member.is_directory}
    member = files.get(f"{main_dist_info(dist_infos_of(files), facts.name)}/METADATA")
    if member is None or member.size > _LARGEST_METADATA:
        return None
    try:
        text = archive.read(member).decode("utf-8", "replace")
    except WheelError:
        return None
    value = HeaderParser().parsestr(text).get("Requires-Python")
    return str(value).strip() if value is not None else None


def _exports(tree: Tree, interpreter: Interpreter) -> frozenset[str] | None:
    """Return what the interpreter's own musl exports; None where its loader cannot be read."""
    if interpreter.libc is not Libc.MUSL or interpreter.loader is None:
        return None
    try:
        return read_elf(tree.read(interpreter.loader.path, most=LARGEST_LOADER), interpreter.loader.path).defined
    except (PathError, ElfError):
        return None
