"""The table of ``check --statistics``: how many wheels and findings each rule has."""

from collections.abc import Iterable, Iterator

from musl_audit.model import Finding, Report
from musl_audit.reporters.groups import grouped


def statistics(reports: Iterable[Report], width: int) -> Iterator[str]:
    """Yield a line per rule and severity, as wide as *width* allows, with a title over the columns."""
    rows = [
        (
            group.code,
            group.severity.value,
            str(len(group.paths)),
            str(len(group.found)),
            group.name,
            _mended(group.found),
        )
        for group in grouped(reports)
    ]
    if not rows:
        return
    titles = ("rule", "severity", "wheels", "findings", "name", "mended")
    table = [titles, *rows]
    columns = [max(len(row[index]) for row in table) for index in range(len(titles))]
    for row in table:
        cells = [
            cell.rjust(columns[index]) if index in (2, 3) else cell.ljust(columns[index])
            for index, cell in enumerate(row)
        ]
        line = "  ".join(cells).rstrip()
        yield line if len(line) <= width else "  ".join(cells[:4]).rstrip()
    yield ""


def _mended(found: Iterable[tuple[Report, Finding]]) -> str:
    pairs = list(found)
    mended = sum(finding.is_mendable for _, finding in pairs)
    return "all" if mended == len(pairs) else str(mended or "")
