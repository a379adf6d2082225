"""Wheels, from what the user calls them to their outcomes: what ``show`` and ``check`` do, as a function."""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from functools import cached_property
from os import PathLike, fspath

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.adapters.runners import Answer, Runner, runner_for
from musl_audit.adapters.sources import Input, find_sources
from musl_audit.adapters.sources.binaries import Binary
from musl_audit.errors import ElfError, WheelError
from musl_audit.judging.audit import judge
from musl_audit.judging.claims import check_floor
from musl_audit.judging.gate import gate
from musl_audit.judging.settings import Settings
from musl_audit.model import Failure, Outcome, Report, Skip, WheelFacts, WheelKind
from musl_audit.policy import Catalog
from musl_audit.wheel.extract import extract
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.names import is_sdist_name, kind_of, parse_wheel_name, tag_family
from musl_audit.wheel.ports import Source

UNREADABLE, UNREADABLE_ELF = "MUSL004", "MUSL901"


class Examination:
    """How wheels are examined; another process can be sent it."""

    def __init__(
        self,
        settings: Settings | None = None,
        limits: Limits | None = None,
        *,
        verify_hashes: bool = False,
        catalog: Catalog | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self._limits = limits or Limits()
        self._verify_hashes = verify_hashes
        self._catalog = catalog

    def __call__(self, source: Source) -> Outcome:
        """Return the outcome for the wheel in *source*; a broken wheel is a row, never a stopped run."""
        facts = facts_of(source, self._limits, verify_hashes=self._verify_hashes)
        return self.judged(facts, source.path) if isinstance(facts, WheelFacts) else facts

    def judged(self, facts: WheelFacts, path: str) -> Outcome:
        """Return the outcome for *facts*, read from the wheel at *path* now or long ago."""
        if is_pure(facts):
            return Skip(path, "pure")
        return judge(facts, self.catalog, self.settings, path=path)

    @cached_property
    def catalog(self) -> Catalog:
        """The policies: the catalog given, else those that are shipped, loaded when the first wheel needs them."""
        return self._catalog or load_catalog()


def facts_of(source: Source, limits: Limits, *, verify_hashes: bool = False) -> WheelFacts | Skip | Failure:
    """Return the facts of the wheel in *source*, or the row that says why there are none."""
    if isinstance(source, Binary):
        return _facts_alone(source)
    if reason := reason_to_skip(source.filename):
        return Skip(source.path, reason)
    try:
        with source.open(limits) as archive:
            return extract(archive, verify_hashes=verify_hashes)
    except WheelError as error:
        return Failure(source.path, error.code, str(error))


def _facts_alone(source: Binary) -> WheelFacts | Failure:
    try:
        return source.facts()
    except ElfError as error:
        return Failure(source.path, UNREADABLE_ELF, str(error))
    except OSError as error:
        return Failure(source.path, UNREADABLE, f"cannot be read: {error.strerror}")


def outcomes_of(
    inputs: Iterable[Input], work: Callable[[Source], Answer], jobs: int = 1, runner: Runner | None = None
) -> Generator[Answer | Skip | Failure]:
    """
    Yield what *work* returns for each wheel of *inputs*, and what else they hold, in their order.

    Without a *runner*, the one of this machine that has them done soonest. Closing the iterator stops the work.
    """
    inputs = list(inputs)
    sources = [item for item in inputs if not isinstance(item, Skip | Failure)]
    with closing((runner or runner_for(sources, jobs)).run(work, sources, jobs)) as examined:
        for item in inputs:
            yield item if isinstance(item, Skip | Failure) else next(examined)


def examine(
    references: Iterable[str | PathLike[str]],
    settings: Settings | None = None,
    *,
    catalog: Catalog | None = None,
    limits: Limits | None = None,
    verify_hashes: bool = False,
    jobs: int = 1,
    runner: Runner | None = None,
) -> Generator[Outcome]:
    """
    Yield a ``Report`` for each wheel that *references* (files, directories, globs) mean, in order.

    What is no wheel for musl is a ``Skip``, what cannot be read a ``Failure``. The reports hold the findings that
    *settings* select and do not ignore, as ``musl-audit check`` prints them. Raise ``UsageError`` for settings that
    name a floor that *catalog* (by default the policies that are shipped) does not have.
    """
    settings = settings or Settings()
    examination = Examination(settings, limits, verify_hashes=verify_hashes, catalog=catalog)
    check_floor(settings, examination.catalog)
    with closing(outcomes_of(find_sources(fspath(item) for item in references), examination, jobs, runner)) as outcomes:
        for outcome in outcomes:
            yield gate(outcome, settings).report if isinstance(outcome, Report) else outcome


def is_pure(facts: WheelFacts) -> bool:
    """Whether a wheel for any platform has nothing in it that a loader would ever see."""
    return not facts.elves and not facts.elf_problems and kind_of(facts.name) is WheelKind.ANY


def reason_to_skip(filename: str) -> str | None:
    """
    Return why a file of this name is none of musl-audit's business, None if it may be.

    >>> reason_to_skip("foo-1.0-cp312-cp312-win_amd64.whl"), reason_to_skip("foo-1.0.tar.gz")
    ('win', 'sdist')
    """
    if is_sdist_name(filename):
        return "sdist"
    try:
        name = parse_wheel_name(filename)
    except WheelError:
        return None
    if kind_of(name) in (WheelKind.MUSLLINUX, WheelKind.LINUX, WheelKind.ANY):
        return None
    return tag_family(name.platform_tags[0])
