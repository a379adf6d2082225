"""What keeps a wheel from loading, in a clause: the words are those of the rules."""

import re

from musl_audit.environment.choices import OfferAnswer, VersionRung
from musl_audit.judging.loads_at import Obstacle
from musl_audit.judging.rules import rule_of
from musl_audit.judging.rules.base import spell


def spell_obstacle(obstacle: Obstacle) -> str:
    """
    Return why something does not load, in one clause with its code.

    >>> spell_obstacle(Obstacle("MUSL101", ("demo/_a.so",), symbols=("qsort_r",)))
    '_a.so needs qsort_r, which this musl lacks (MUSL101)'
    """
    rule = rule_of(obstacle.code)
    members = list(dict.fromkeys(map(_plain, obstacle.members))) or ["it"]
    fact = rule.phrase.of(members, obstacle.symbols)
    if obstacle.libraries:
        fact = f"{spell(members, 2)} need{'s' * (len(members) == 1)} {spell(obstacle.libraries, 2)}, which is not there"
    return f"{'crashes: ' * rule.crashes}{fact} ({obstacle.code})"


def _plain(member: str) -> str:
    """Return the name of a file without the hash that auditwheel gives it: versions then fail of the same."""
    return re.sub(r"(-[0-9a-f]{8})+(?=\.so)", "", member.rpartition("/")[2])


def reason_of(rung: VersionRung) -> str:
    """Return why a version is none that loads: what is in the way of the file that an installer would take first."""
    return next((why for answer in rung.answers if (why := reason_against(answer))), "")


def reason_against(answer: OfferAnswer) -> str:
    """Return what speaks against a file, nothing if nothing does."""
    if answer.problem:
        return f"could not be judged: {answer.problem}"
    return spell_obstacle(answer.obstacle) if answer.obstacle is not None else ""
