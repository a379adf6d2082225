"""What the page of a survey shows, out of the store: tiles, causes, a timeline, the matrix of projects."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from musl_audit.adapters.stores.queries import StoreViews
from musl_audit.adapters.stores.survey import SurveyStore
from musl_audit.frozen import frozen
from musl_audit.judging.rules import all_rules
from musl_audit.policy import Catalog, Distribution

_MOST_PROJECTS, _MOST_FAILURES, _MOST_MONTHS = 250, 50, 36


@frozen
class Tile:
    """A number that matters."""

    number: int
    label: str
    tone: str = ""  # good, bad, warn


@frozen
class Cause:
    """A rule, and how many wheels break their promise by it."""

    code: str
    name: str
    wheels: int
    mendable: int


@frozen
class Month:
    """The wheels of a month of upload."""

    name: str  # 2026-03
    wheels: int
    broken: int


@frozen
class ProjectCell:
    """What to take of a project on a distribution: the newest version that loads there."""

    version: str
    tone: str  # good: the newest of all; warn: an older one; bad: none; dim: no wheel that could be installed


@frozen
class ProjectRow:
    """A project across the distributions."""

    name: str
    newest: str
    wheels: int
    broken: int
    cells: tuple[ProjectCell, ...]


@frozen
class SurveyPage:
    """All that the page shows."""

    place: str
    policies: str
    arch: str
    until: str
    tiles: tuple[Tile, ...]
    causes: tuple[Cause, ...]
    months: tuple[Month, ...]
    columns: tuple[Distribution, ...]
    projects: tuple[ProjectRow, ...]
    more_projects: int
    failures: tuple[tuple[str, str, str], ...]  # path, code, why
    more_failures: int


def survey_page(store: SurveyStore, catalog: Catalog, *, arch: str | None = None, name: str = "Alpine") -> SurveyPage:
    """Return what *store* says now; the matrix is about *name* and *arch*, by default the one of most wheels."""
    answers = StoreViews(store)
    arch = arch or _usual_arch(answers)
    columns = tuple(item for item in catalog.distributions if item.name == name and item.verified)
    rows, more = _projects(answers, arch, columns)
    failures = answers.rows("SELECT path, code, detail FROM failures ORDER BY path")
    return SurveyPage(
        place=store.place,
        policies=catalog.version,
        arch=arch,
        until=_text(answers.rows("SELECT coalesce(max(seen), '') FROM sightings")[0][0]),
        tiles=_tiles(answers, len(failures)),
        causes=_causes(answers),
        months=_months(answers),
        columns=columns,
        projects=rows,
        more_projects=more,
        failures=tuple((_text(path), _text(code), _text(why)) for path, code, why in failures[:_MOST_FAILURES]),
        more_failures=max(0, len(failures) - _MOST_FAILURES),
    )


def _tiles(answers: StoreViews, failures: int) -> tuple[Tile, ...]:
    ((wheels, projects, broken, mendable),) = answers.rows("""
        SELECT
            count(*), count(DISTINCT project),
            count(*) FILTER (kept = false), count(*) FILTER (kept = false AND is_mendable)
        FROM wheels""")
    return (
        Tile(_number(wheels), "wheels"),
        Tile(_number(projects), "projects"),
        Tile(_number(broken), "break their promise", "bad" if broken else "good"),
        Tile(_number(mendable), "of these musl-audit repair mends", "good" if mendable else ""),
        Tile(failures, "could not be read", "warn" if failures else ""),
    )


def _causes(answers: StoreViews) -> tuple[Cause, ...]:
    names = {module.rule.code: module.rule.name for module in all_rules()}
    rows = answers.rows("""
        SELECT code, count(*) AS wheels, count(*) FILTER (is_mendable)
        FROM (SELECT unnest(codes) AS code, is_mendable FROM wheels WHERE kept = false)
        GROUP BY code ORDER BY wheels DESC, code""")
    return tuple(
        Cause(_text(code), names.get(_text(code), ""), _number(wheels), _number(mended))
        for code, wheels, mended in rows
    )


def _months(answers: StoreViews) -> tuple[Month, ...]:
    rows = answers.rows("""
        SELECT uploaded[1:7] AS month, count(*), count(*) FILTER (kept = false)
        FROM wheels WHERE uploaded IS NOT NULL GROUP BY month ORDER BY month""")
    return tuple(Month(_text(name), _number(wheels), _number(broken)) for name, wheels, broken in rows[-_MOST_MONTHS:])


def _usual_arch(answers: StoreViews) -> str:
    rows = answers.rows("SELECT arch FROM wheels WHERE arch IS NOT NULL GROUP BY arch ORDER BY count(*) DESC, arch")
    return _text(rows[0][0]) if rows else "x86_64"


def _projects(answers: StoreViews, arch: str, columns: Sequence[Distribution]) -> tuple[tuple[ProjectRow, ...], int]:
    """Return the projects with the most broken wheels first, and how many more there are."""
    counted = answers.rows(
        """
        SELECT project, count(*) AS wheels, count(*) FILTER (kept = false) AS broken
        FROM wheels WHERE arch = ? GROUP BY project ORDER BY broken DESC, wheels DESC, project""",
        [arch],
    )
    shown = counted[:_MOST_PROJECTS]
    names = [_text(name) for name, *_ in shown]
    versions = _versions(answers, arch, names)
    loads = _loads(answers, arch, names)
    rows = [
        ProjectRow(
            name,
            newest=versions[name][0],
            wheels=_number(wheels),
            broken=_number(broken),
            cells=tuple(_cell(versions[name], loads.get((name, column.id), frozenset())) for column in columns),
        )
        for name, (_, wheels, broken) in zip(names, shown, strict=True)
    ]
    return tuple(rows), len(counted) - len(shown)


def _versions(answers: StoreViews, arch: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the versions of each project, newest first."""
    found: dict[str, list[str]] = defaultdict(list)
    rows = answers.rows(
        "SELECT DISTINCT project, version FROM wheels WHERE arch = ? AND project IN (SELECT unnest(?))", [arch, names]
    )
    for project, version in rows:
        found[_text(project)].append(_text(version))
    return {project: newest_first(versions) for project, versions in found.items()}


def _loads(answers: StoreViews, arch: str, names: Sequence[str]) -> dict[tuple[str, str], frozenset[str]]:
    """Return the versions of each project that load on each distribution."""
    rows = answers.rows(
        """
        SELECT project, distribution, list(DISTINCT version)
        FROM (
            SELECT project, version, unnest(loads_at) AS distribution
            FROM wheels WHERE arch = ? AND project IN (SELECT unnest(?))
        ) GROUP BY project, distribution""",
        [arch, names],
    )
    return {(_text(project), _text(place)): frozenset(map(str, _items(versions))) for project, place, versions in rows}


def _cell(versions: Sequence[str], loading: frozenset[str]) -> ProjectCell:
    best = next((version for version in versions if version in loading), None)
    if best is None:
        return ProjectCell("none", "bad")
    return ProjectCell(best, "good" if best == versions[0] else "warn")


def newest_first(versions: Iterable[str]) -> list[str]:
    """
    Return *versions* as installers order them; what is no version comes last.

    >>> newest_first(["1.9", "1.10", "dev", "1.10rc1"])
    ['1.10', '1.10rc1', '1.9', 'dev']
    """
    from packaging.version import InvalidVersion, Version

    def order(text: str) -> tuple[bool, Version, str]:
        try:
            return True, Version(text), text
        except InvalidVersion:
            return False, Version("0"), text

    return sorted(versions, key=order, reverse=True)


def _text(value: object) -> str:
    return str(value)


def _number(value: object) -> int:
    return int(str(value))


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
