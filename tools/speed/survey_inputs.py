"""What surveys are measured on: a mirror of wheels no two of which are alike, and stores of any number of verdicts."""

import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tools.speed.costs import CORPUS, ROOT

from musl_audit.adapters.stores.queries import StoreViews
from musl_audit.adapters.stores.survey import SurveyStore, open_store

if TYPE_CHECKING:
    import pyarrow as pa

_COMMENT_LENGTH = 2  # bytes, the last of an archive without a comment
_ROWS = 50_000  # verdicts in a part of a replayed store
_PROJECTS = 5000  # wheels, behind which the names of projects are others
_YEARS = range(2016, 2026)


def mirror(folder: Path, count: int) -> Path:
    """Return *folder* with *count* wheels, a folder for each round through the corpus."""
    wheels = sorted(CORPUS.glob("*.whl"))
    if not wheels:
        sys.exit("there is no corpus: run `make corpus`")
    for number in range(count):
        source = wheels[number % len(wheels)]
        target = folder / f"{number // len(wheels):02}" / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        data, comment = source.read_bytes(), f"copy {number}".encode()
        if data[-_COMMENT_LENGTH:] != bytes(_COMMENT_LENGTH):
            sys.exit(f"{source}: has a comment already")
        target.write_bytes(data[:-_COMMENT_LENGTH] + len(comment).to_bytes(_COMMENT_LENGTH, "little") + comment)
    return folder


def other_policies(folder: Path) -> Path:
    """Return the policies under another digest."""
    shutil.copytree(ROOT / "policies", folder)
    about = folder / "policy.json"
    about.write_text(about.read_text().replace('"version": "', '"version": "bench-'))
    return folder


def replayed(source: SurveyStore, place: Path, count: int) -> SurveyStore:
    """Return a store at *place* with *count* wheels: those of *source*, again and again, under new keys."""
    originals = {name: _first_of_each(source.rows(name)) for name in ("verdicts", "sightings")}
    store = open_store(str(place), create=True)
    with store.held():
        for first in range(0, count, _ROWS):
            numbers = range(first, min(first + _ROWS, count))
            store.add({name: _renamed(name, rows, numbers) for name, rows in originals.items()})
        store.summarize(StoreViews(store).wheels())
    return store


def _first_of_each(rows: "pa.Table") -> "pa.Table":
    """Return a row for each digest, in the order of digests."""
    import pyarrow as pa

    seen: dict[str, int] = {}
    for index, digest in enumerate(rows.column("sha256").to_pylist()):
        if digest is not None:
            seen.setdefault(digest, index)
    return rows.take(pa.array(seen.values(), pa.int64())).sort_by("sha256")


def _renamed(table: str, rows: "pa.Table", numbers: range) -> "pa.Table":
    """Return *rows* over and over, one for each of *numbers*, under other digests, paths, projects and months."""
    import pyarrow as pa

    indices = [number % rows.num_rows for number in numbers]
    many = rows.take(pa.array(indices, pa.int64()))
    changed: dict[str, list[str]] = {
        "sha256": [sha256(f"{number}".encode()).hexdigest() for number in numbers],
    }
    if table == "verdicts":
        names = many.column("project").to_pylist()
        changed |= {"project": [f"{name}-{n // _PROJECTS}" for n, name in zip(numbers, names, strict=True)]}
    else:
        paths = many.column("path").to_pylist()
        changed |= {
            "path": [f"{number}/{path}" for number, path in zip(numbers, paths, strict=True)],
            "uploaded": [f"{_YEARS[n % len(_YEARS)]}-{1 + n % 12:02}-01T00:00:00Z" for n in numbers],
        }
    for name, values in changed.items():
        many = many.set_column(many.schema.get_field_index(name), name, pa.array(values, pa.string()))
    return many
