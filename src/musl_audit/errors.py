"""The errors of musl-audit: one tree, each carrying its facts beside a sentence."""

from collections.abc import Iterable


class MuslAuditError(Exception):
    """The command cannot go on; the message is one line, fit for a person."""


class UsageError(MuslAuditError):
    """What was asked for makes no sense: an unknown option value, key or code."""


class OutputError(MuslAuditError):
    """A report that cannot be written to where it was asked for."""


class PolicyError(MuslAuditError):
    """A policy file is missing, malformed, or contradicts another one."""


class WheelError(MuslAuditError):
    """
    A wheel that cannot be examined at all.

    ``code`` is the rule that names the reason, such as ``MUSL004``; the run goes on with the next wheel.
    """

    def __init__(self, message: str, *, code: str = "MUSL004") -> None:
        super().__init__(message)
        self.code = code


class NotJsonError(WheelError):
    """Facts were expected, and there is something that is no JSON object at all."""


class ElfError(MuslAuditError):
    """An ELF file that contradicts itself; ``offset`` is where, in bytes, if that is known."""

    def __init__(self, message: str, *, offset: int | None = None) -> None:
        super().__init__(message if offset is None else f"{message} (at offset {offset:#x})")
        self.offset = offset


class MendError(ElfError):
    """An ELF file that cannot be mended soundly; the message is the reason."""


class UnpackError(MendError):
    """An ELF file whose packed relocations cannot be unpacked soundly; the message is the reason."""


class AccessError(MendError):
    """An ELF file whose thread-local accesses cannot be rewritten soundly; the message is the reason."""


class LibraryError(MuslAuditError):
    """A library that is needed from outside and cannot be taken: not found, glibc's, or for another architecture."""


class RepairError(MuslAuditError):
    """A repair that could not be completed: a tool is missing or failed, or changed more than was planned."""


class UnmendableError(RepairError):
    """A change of ``member`` that was planned and cannot be made soundly: it is left out, and the message says why."""

    def __init__(self, message: str, *, member: str) -> None:
        super().__init__(message)
        self.member = member


class IndexAccessError(MuslAuditError):
    """An index, or a file on it, that could not be had; the message never holds a credential."""


_NEAR = 0.7  # below it, what is offered is rather another word than a misspelt one


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """
    Return the end of a sentence that offers the one of *known* that is nearest to *word*, or nothing.

    >>> did_you_mean("chekc", ["show", "check"])
    "; did you mean 'check'?"
    """
    from difflib import get_close_matches

    names = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), names, n=1, cutoff=_NEAR)
    return f"; did you mean {names[near[0]]!r}?" if near else ""
