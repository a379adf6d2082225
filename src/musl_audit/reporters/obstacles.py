"""What keeps a wheel from loading, in a clause."""

from musl_audit.environment.choices import FileAnswer, Rung
from musl_audit.judging.loads_at import Obstacle
from musl_audit.judging.rules.base import spell

_PHRASES = {
    "MUSL101": "needs {symbols}, which this musl lacks",
    "MUSL102": "needs {symbols}, which no musl has",
    "MUSL106": "needs {symbols}, of which there is only a hidden version",
    "MUSL201": "built for glibc: {members}",
    "MUSL202": "needs {libraries}, which is not in the wheel",
    "MUSL203": "needs a library of the wheel that no search path leads to",
    "MUSL206": "needs {symbols}, internals of a library of the system",
    "MUSL301": "{members}: for another architecture",
    "MUSL303": "{members}: for another floating-point ABI",
    "MUSL304": "{members}: a file name that this Python does not import",
    "MUSL401": "crashes: packed relocations in {members}",
    "MUSL402": "initial-exec TLS in {members}",
    "MUSL403": "indirect functions in {members}",
    "MUSL406": "relocations that this musl does not apply in {members}",
    "MUSL407": "a zero-length segment in {members}, which this musl refuses",
    "MUSL408": "crashes: a weak undefined thread-local variable in {members}",
    "MUSL901": "{members} cannot be read",
}


def spell_obstacle(obstacle: Obstacle) -> str:
    """
    Return why something does not load, in one clause with its code.

    >>> spell_obstacle(Obstacle("MUSL101", symbols=("qsort_r",)))
    'needs qsort_r, which this musl lacks (MUSL101)'
    """
    phrase = _PHRASES.get(obstacle.code, "does not load")
    said = phrase.format(
        symbols=spell(obstacle.symbols, 2) or "a symbol",
        libraries=spell(obstacle.libraries, 2) or "a library",
        members=spell(tuple(member.rpartition("/")[2] for member in obstacle.members), 2) or "it",
    )
    return f"{said} ({obstacle.code})"


def reason_of(rung: Rung) -> str:
    """Return why a version is none that loads: what is in the way of the file that an installer would take first."""
    return next((why for answer in rung.answers if (why := reason_against(answer))), "")


def reason_against(answer: FileAnswer) -> str:
    """Return what speaks against a file, nothing if nothing does."""
    if answer.problem:
        return f"could not be judged: {answer.problem}"
    return spell_obstacle(answer.obstacle) if answer.obstacle is not None else ""
