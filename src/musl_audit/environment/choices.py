"""Which version loads at a destination: the answers about files, versions and requirements."""

from enum import StrEnum

from musl_audit.frozen import frozen
from musl_audit.judging.loads_at import Obstacle
from musl_audit.wheel.offers import OfferedFile


class Basis(StrEnum):
    """What an answer about a file rests on."""

    NAME = "name"  # it has no binaries for musl to load: its tags say so
    KEPT = "kept"  # an earlier run
    PROBE = "probe"  # a few ranges
    FILE = "file"  # all of it


@frozen
class OfferAnswer:
    """Whether a file loads at a destination, and how that is known; ``problem``: it could not be judged."""

    file: OfferedFile
    loads: bool | None
    basis: Basis
    obstacle: Obstacle | None = None
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against the file."""
        return self.loads is not False and not self.problem


class Status(StrEnum):
    """What became of a requirement."""

    FOUND = "found"
    NONE = "none"  # the project is there, and nothing of it that is asked for loads
    MISSING = "missing"  # no index has the project
    SKIPPED = "skipped"  # nothing to ask: a marker that is false, a path, a URL
    FAILED = "failed"  # it could not be asked


@frozen
class VersionRung:
    """A version on the ladder: the answers about its files, the installer's favourite first."""

    version: str
    answers: tuple[OfferAnswer, ...]

    @property
    def chosen(self) -> OfferAnswer | None:
        """The file that loads, None where none does."""
        return next((answer for answer in self.answers if answer.is_good), None)


@frozen
class Choice:
    """The answer to one requirement; ``rungs`` are the versions that were looked at, newest first."""

    requirement: str
    project: str
    status: Status
    rungs: tuple[VersionRung, ...] = ()
    unfit: tuple[str, ...] = ()  # newer versions without a file for this Python and platform, newest first
    message: str = ""
    is_locked: bool = False  # about the file that a lock names, and no other

    @property
    def found(self) -> VersionRung | None:
        """The newest version that loads."""
        return next((rung for rung in self.rungs if rung.chosen is not None), None)


@frozen
class Cost:
    """What the answers cost: how many files of how many bytes were looked at, and how many bytes came."""

    files: int
    size: int
    received: int
    requests: int


def cost_of(choices: tuple[Choice, ...], *, received: int, requests: int) -> Cost:
    """Return the cost of *choices*; files without binaries for musl cost nothing and do not count."""
    answers = [answer for choice in choices for rung in choice.rungs for answer in rung.answers]
    asked = [answer for answer in answers if answer.basis is not Basis.NAME]
    return Cost(len(asked), sum(answer.file.size or 0 for answer in asked), received, requests)
