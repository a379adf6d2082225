"""The matrix of wheels and distributions: a column per release of Alpine, a cell per answer."""

from collections.abc import Iterable
from enum import StrEnum

from musl_audit.frozen import frozen
from musl_audit.model import DistributionAnswer, Loads, Report
from musl_audit.reporters.places import is_offered, lowest_series
from musl_audit.reporters.ways import Way, way_of


class Cell(StrEnum):
    """What happens to a wheel on a distribution."""

    LOADS = "loads"
    MAYBE = "may load"  # a part cannot be told from the wheel
    CRASHES = "crashes"
    FAILS = "fails to load"
    NOT_OFFERED = "not offered"  # its tags are for newer series of musl: no installer takes it there
    NO_ANSWER = "not judged"  # the policies know no such distribution for its architecture


@frozen
class Column:
    """A distribution that some wheel of the run was judged for."""

    id: str
    name: str
    release: str
    musl: str


def columns(reports: Iterable[Report], name: str = "Alpine") -> tuple[Column, ...]:
    """Return the releases of the distribution *name* that occur in *reports*, in the order of the policies."""
    found: dict[str, Column] = {}
    for report in reports:
        for item in report.verdict.distributions:
            if item.name == name:
                found.setdefault(item.id, Column(item.id, item.name, item.release, str(item.musl)))
    return tuple(sorted(found.values(), key=_order))


def _order(column: Column) -> tuple[bool, list[int]]:
    numbers = column.release.split(".")
    is_word = not all(part.isdigit() for part in numbers)
    return is_word, [] if is_word else list(map(int, numbers))


def cells(report: Report) -> dict[str, Cell]:
    """Return the answer for each distribution, by its id."""
    lowest = lowest_series(report)
    return {item.id: _cell(item, report, lowest) for item in report.verdict.distributions}


def _cell(item: DistributionAnswer, report: Report, lowest: tuple[int, int]) -> Cell:
    if not is_offered(item, lowest):
        return Cell.NOT_OFFERED
    if item.loads:
        return Cell.MAYBE if report.verdict.loads is Loads.UNKNOWN else Cell.LOADS
    evidence = [one for one in report.verdict.decided_by if item.musl in one.fails_on]
    return Cell.CRASHES if evidence and way_of(evidence) is Way.CRASHES else Cell.FAILS
