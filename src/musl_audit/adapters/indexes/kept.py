"""A verdict as it is kept: the answer for every place that the policies know, so that it serves any later question."""

import json
from collections.abc import Iterable, Iterator

from musl_audit.judging.loads_at import Answer, Obstacle, loads_at, outside_libraries
from musl_audit.judging.rules import rule_of
from musl_audit.model import MuslVersion, Releases, Report
from musl_audit.policy import Catalog

_MOST = 8  # members, symbols and libraries that are kept of an obstacle

Row = dict[str, object]


def report_row(report: Report, catalog: Catalog) -> Row:
    """Return what *report* says about every known release and distribution, and what it needs from outside."""
    places: list[tuple[str, MuslVersion, str | None]] = [(str(item), item, None) for item in catalog.releases]
    places += [(row.id, row.musl, row.id) for row in catalog.distributions]
    answers = ((name, loads_at(report, release, distribution)) for name, release, distribution in places)
    return {**_row(answers), "outside": outside_libraries(report)}


def here_row(answer: Answer, release: MuslVersion, distribution: str | None) -> Row:
    """Return *answer*, which holds for a place whose system was looked at."""
    return _row([(distribution or str(release), answer)])


def packed_row(obstacle: Obstacle, lacking: Releases, catalog: Catalog) -> Row:
    """Return a refusal on the releases *lacking*, and nothing about the others."""
    names = [str(release) for release in lacking]
    names += [row.id for row in catalog.distributions if row.musl in lacking]
    answers = ((name, Answer(loads=False, obstacle=obstacle)) for name in sorted(names))
    return {**_row(answers), "outside": ()}  # whatever is there, it crashes


def _row(answers: Iterable[tuple[str, Answer]]) -> Row:
    obstacles: list[Obstacle] = []
    told: dict[str, object] = {}
    for name, answer in answers:
        if answer.obstacle is not None and answer.obstacle not in obstacles:
            obstacles.append(answer.obstacle)
        told[name] = [answer.loads, obstacles.index(answer.obstacle) if answer.obstacle else None]
    return {"answers": told, "obstacles": [_obstacle_row(item) for item in obstacles]}


def _obstacle_row(obstacle: Obstacle) -> Row:
    return {
        "code": obstacle.code,
        "members": list(obstacle.members[:_MOST]),
        "symbols": list(obstacle.symbols[:_MOST]),
        "libraries": list(obstacle.libraries[:_MOST]),
    }


def read_answer(data: bytes, release: MuslVersion, distribution: str | None) -> Answer | None:
    """Return the answer that *data* holds for a place; None where it holds none, or is damaged."""
    try:
        row = json.loads(data)
        told = row["answers"].get(distribution or str(release))
        if told is None:
            return None
        loads, index = told
        obstacle = None if index is None else _obstacle(row["obstacles"][index])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
    return Answer(loads, obstacle) if loads in (True, False, None) else None


def read_outside(data: bytes) -> tuple[str, ...] | None:
    """Return which libraries a wheel needs from outside, as *data* holds it; None where it does not."""
    try:
        return tuple(_texts(json.loads(data)["outside"]))
    except (ValueError, TypeError, KeyError):
        return None


def _obstacle(row: Row) -> Obstacle:
    return Obstacle(
        rule_of(str(row["code"])).code,
        tuple(_texts(row["members"])),
        tuple(_texts(row["symbols"])),
        tuple(_texts(row["libraries"])),
    )


def _texts(value: object) -> Iterator[str]:
    if not isinstance(value, list):
        raise TypeError("no list")
    yield from map(str, value)
