"""What is installed, in the words of a person: the first lines of ``musl-audit env``."""

from collections.abc import Iterator, Sequence

from musl_audit.environment.installed.values import Deed, Installation, InstalledAnswer
from musl_audit.judging.rules.base import spell
from musl_audit.reporters.style import plural

_NAMES_SHOWN = 3


def verdict(installations: Sequence[Installation]) -> tuple[str, ...]:
    """
    Return the sentences that the report begins with.

    One for each thing that is wrong, with everything that it is wrong with; else how much was looked at.
    """
    broken = [answer for item in installations for answer in item.broken]
    if broken:
        return tuple(_sentences(broken))
    return tuple(_calm(installations))


def _sentences(broken: Sequence[InstalledAnswer]) -> Iterator[str]:
    groups: dict[tuple[Deed, str], list[str]] = {}
    several = {answer.subject for answer in broken if answer.is_several}
    for answer in broken:
        if answer.deed is not None:
            names = groups.setdefault((answer.deed, answer.reason), [])
            names += [answer.subject] if answer.subject not in names else []
    for (deed, reason), names in sorted(groups.items(), key=lambda item: -len(item[1])):
        if len(names) == 1 and names[0] not in several:
            yield f"{names[0]} {deed.one} here: {reason}."
        else:
            yield f"{spell(names, _NAMES_SHOWN)} {deed.several} here: {_of_several(reason)}."


def _of_several(reason: str) -> str:
    """
    Return *reason* said of more than one.

    >>> _of_several("it needs musl 1.2.4, this is 1.2.2; it was built for another libc")
    'they need musl 1.2.4, this is 1.2.2; they were built for another libc'
    """
    return reason.replace("it needs ", "they need ").replace("it was ", "they were ")


def _calm(installations: Sequence[Installation]) -> Iterator[str]:
    judged = [item for item in installations if not item.why_not]
    for item in installations:
        if item.why_not:
            yield f"{item.why_not}."
    answers = [answer for item in judged for answer in item.answers]
    unknown = sum(answer.loads is None for answer in answers) + sum(bool(item.unread) for item in judged)
    if not judged:
        return
    binaries = sum(item.binaries for item in judged)
    verb = "loads" if binaries == 1 else "load"
    found = f"{plural(len(answers), 'package')}, {_binaries(binaries)} {verb}"
    yield f"Nothing wrong found: {found}." if not unknown else f"As far as could be read, nothing is wrong: {found}."


def _binaries(number: int) -> str:
    return f"{number} {'binary' if number == 1 else 'binaries'}"
