"""What the policies know, and how releases differ: as text and as JSON objects."""

from collections.abc import Iterable, Iterator

from musl_audit.policy import Catalog
from musl_audit.policy.derive import Change, Difference
from musl_audit.reporters.base import Paint
from musl_audit.reporters.rows import Row
from musl_audit.reporters.style import BOLD, plural
from musl_audit.reporters.text_layout import paragraph


def listing(catalog: Catalog, width: int, paint: Paint) -> str:
    """Return what there is, by subject."""
    blocks = [
        paint(f"Policies {catalog.version}, as of {catalog.date}", BOLD),
        _block("Releases of musl", _columns(_series(catalog)), width, paint),
        _block("What a tag promises", _columns(_floors(catalog)), width, paint),
        _block("Architectures", _columns(_arches(catalog)), width, paint),
        _block("Distributions", _columns(_distributions(catalog)), width, paint),
    ]
    return "\n\n".join(blocks) + "\n"


def change_text(title: str, change: Difference, width: int, paint: Paint) -> str:
    """Return what came and what went, by subject."""
    blocks = [paint(title, BOLD)]
    for name, part in (
        ("symbols", change.symbols),
        ("abilities", change.abilities),
        ("relocations", change.relocations),
    ):
        for verb, names in (("Added", part.added), ("Removed", part.removed)):
            if names:
                blocks.append(_names(f"{verb} {name}: {len(names)}", names, width, paint))
    if change.still_resolved:
        title = f"Removed, and still resolved by the loader: {len(change.still_resolved)}"
        blocks.append(_names(title, change.still_resolved, width, paint))
    return "\n\n".join(blocks if len(blocks) > 1 else [*blocks, "  no difference"]) + "\n"


def catalog_row(catalog: Catalog) -> Row:
    """Return what there is, as an object."""
    return {
        "policy": catalog.version,
        "date": catalog.date,
        "releases": [str(release) for release in catalog.releases],
        "floors": [
            {"tag": f"musllinux_{series.replace('.', '_')}_{arch}", "floor": str(catalog.floor(series, arch))}
            for series in catalog.judged_series
            for arch in sorted(catalog.arches)
        ],
        "architectures": [
            {"name": arch.name, "first_release": str(arch.first_release), "loader": arch.loader}
            for arch in catalog.arches.values()
        ],
        "distributions": [
            {
                "id": item.id,
                "name": item.name,
                "release": item.release,
                "musl": str(item.musl),
                "supported_until": item.supported_until,
            }
            for item in catalog.distributions
        ],
    }


def change_row(change: Difference) -> Row:
    """Return what came and what went, as an object."""
    return {
        "symbols": _change(change.symbols),
        "still_resolved": sorted(change.still_resolved),
        "abilities": _change(change.abilities),
        "relocations": _change(change.relocations),
    }


def _names(title: str, names: Iterable[str], width: int, paint: Paint) -> str:
    return _block(title, [("  ", " ".join(sorted(names)))], width, paint)


def _change(change: Change) -> Row:
    return {"added": sorted(change.added), "removed": sorted(change.removed)}


def _series(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for series in catalog.judged_series:
        releases = [release for release in catalog.releases if release.series == series]
        yield series, f"{releases[0]}–{releases[-1]} ({plural(len(releases), 'release')})"


def _floors(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for series in catalog.judged_series:
        floors = {catalog.floor(series, arch): None for arch in catalog.arches}
        oldest = min(filter(None, floors))
        yield f"musllinux_{series.replace('.', '_')}", f"musl {oldest} and later: {catalog.floor_reason(series)}"


def _arches(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for arch in catalog.arches.values():
        yield arch.name, f"from musl {arch.first_release} on; {arch.loader}"


def _distributions(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for item in catalog.distributions:
        until = f", supported until {item.supported_until}" if item.supported_until else ""
        unverified = "" if item.verified else ", not confirmed"
        yield item.id, f"musl {item.musl}{until}{unverified}"


def _columns(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return rows whose first column is padded to the longest."""
    rows = list(rows)
    width = max((len(name) for name, _ in rows), default=0)
    return [(f"  {name:<{width}}  ", text) for name, text in rows]


def _block(title: str, rows: Iterable[tuple[str, str]], width: int, paint: Paint) -> str:
    lines = [paint(title, BOLD)]
    for first, text in rows:
        lines += paragraph(text, width, first=first, rest=" " * len(first))
    return "\n".join(lines)
