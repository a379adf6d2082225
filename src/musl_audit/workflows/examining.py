"""One wheel, from its path to its outcome: what a run does for each of its inputs, in this process or another."""

import os
from functools import cached_property

from musl_audit.errors import WheelError
from musl_audit.model import Failure, Outcome, Settings, Skip, WheelFacts, WheelKind
from musl_audit.policy import Catalog
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.names import is_sdist_name, kind_of, parse_wheel_name, tag_family
from musl_audit.workflows.reading import read_facts


class Examination:
    """How wheels are examined; another process can be sent it."""

    def __init__(
        self, settings: Settings | None = None, limits: Limits | None = None, *, verify_hashes: bool = False
    ) -> None:
        self.settings = settings or Settings()
        self._limits = limits or Limits()
        self._verify_hashes = verify_hashes

    def __call__(self, path: str) -> Outcome:
        """Return the outcome for the wheel at *path*; a broken wheel is a row, never a stopped run."""
        reason = reason_to_skip(os.path.basename(path))
        if reason:
            return Skip(path, reason)
        try:
            facts = read_facts(path, limits=self._limits, verify_hashes=self._verify_hashes)
        except WheelError as error:
            return Failure(path, error.code, str(error))
        return self.judged(facts, path)

    def judged(self, facts: WheelFacts, path: str) -> Outcome:
        """Return the outcome for *facts*, read from the wheel at *path* now or long ago."""
        if kind_of(facts.name) is WheelKind.ANY and not facts.elves and not facts.elf_problems:
            return Skip(path, "pure")
        from musl_audit.judging.audit import judge

        return judge(facts, self.catalog, self.settings, path=path)

    @cached_property
    def catalog(self) -> Catalog:
        """The policies, loaded when the first wheel needs them."""
        from musl_audit.adapters.catalogs import load_catalog

        return load_catalog()


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
