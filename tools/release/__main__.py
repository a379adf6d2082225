"""
Make all that a release consists of, and check it: ``dist/`` is what would be uploaded, ``build/release/`` goes with it.

What is committed is released, whatever else lies here. Nothing is uploaded.
"""

import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

from tools.release import on_musl, papers
from tools.release.building import ROOT, ReleaseError, build_twice
from tools.release.contents import check, install_offline, names_in

DIST, PAPERS = ROOT / "dist", ROOT / "build" / "release"


def main() -> int:
    """Return 0 where everything is as it must be."""
    with tempfile.TemporaryDirectory(prefix="musl-audit-release-") as folder:
        try:
            return _release(Path(folder))
        except (ReleaseError, RuntimeError, ValueError) as error:
            print(f"no release: {error}", file=sys.stderr)
            return 1


def _release(folder: Path) -> int:
    tree, built = build_twice(folder)
    for project, paths in built.items():
        check(tree.path, project, paths)
        for path in paths:
            print(f"  {path.name}: {len(names_in(path))} files, {path.stat().st_size:,} bytes, the same twice")
    sdist, wheel = (next(path for path in built["musl-audit"] if path.suffix == end) for end in (".gz", ".whl"))
    print(f"  {sdist.name} installs without an index: {install_offline(sdist, folder)}")
    version = tomllib.loads((tree.path / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    _keep(built)
    PAPERS.mkdir(parents=True, exist_ok=True)
    (PAPERS / "SHA256SUMS").write_text(papers.sums(DIST), encoding="utf-8")
    (PAPERS / "musl-audit.cdx.json").write_bytes(papers.bill(wheel, version, tree.epoch))
    changes = papers.section((tree.path / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    (PAPERS / "CHANGES.md").write_text(changes, encoding="utf-8")
    (PAPERS / "on-musl.md").write_text(table := _on_musl(folder), encoding="utf-8")
    print(f"\nWhat a plain install and each extra bring to CPython {on_musl.PYTHON} on musl, judged by ourselves:\n")
    print(table)
    made = ", ".join(sorted(path.name for path in PAPERS.iterdir()))
    print(f"dist/ has what would be uploaded; {PAPERS.relative_to(ROOT)}/ has {made}")
    return 0


def _keep(built: dict[str, list[Path]]) -> None:
    """Put the distributions of each project into a folder of its own below ``dist/``."""
    shutil.rmtree(DIST, ignore_errors=True)
    for project, paths in built.items():
        (DIST / project).mkdir(parents=True)
        for path in paths:
            shutil.copy(path, DIST / project / path.name)


def _on_musl(folder: Path) -> str:
    found: list[on_musl.Row] = []
    for extra in on_musl.requirements():
        target = folder / "musl" / (extra or "tool")
        target.mkdir(parents=True)
        known = {(row.project, row.version) for row in found}
        rows = on_musl.rows(extra, on_musl.fetch(extra, target))
        found += [row for row in rows if (row.project, row.version) not in known]
    return on_musl.table(found)


if __name__ == "__main__":
    raise SystemExit(main())
