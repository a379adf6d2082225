"""
Write what libz.so.1 exports, by version, into policies/libraries.json, from Debian's packages.

Run from the root of the repository: ``python -m tools.policies.derive_libz``.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

from tools.evidence.debian import configure, unpack
from tools.policies.dynamic_symbols import archive_definitions, exports

from musl_audit.policy.render import render

LIBRARIES = Path(__file__).parents[2] / "policies" / "libraries.json"
SONAME = "libz.so.1"
SUITES = ("bullseye", "bookworm", "trixie")  # 1.2.11, 1.2.13, 1.3.1
VERSION_NODE = re.compile(r"ZLIB_([0-9.]+)")


def version_key(version: str) -> tuple[int, ...]:
    """Return *version* as something that sorts."""
    return tuple(map(int, version.split(".")))


def measured(shared: Path, static: Path) -> tuple[str, dict[str, str], frozenset[str]]:
    """Return the version of a libz, what it exports with the version nodes, and what it keeps to itself."""
    (library,) = (path for path in shared.rglob("libz.so.1.*") if not path.is_symlink())
    (archive,) = static.rglob("libz.a")
    exported = exports(library)
    return library.name.removeprefix("libz.so."), exported, archive_definitions(archive) - exported.keys()


def derive(libraries: list[tuple[str, dict[str, str], frozenset[str]]], baseline: str) -> dict[str, object]:
    """Return the derived fields of the row: the newest version's exports, everybody's internals, what came when."""
    ordered = sorted(libraries, key=lambda library: version_key(library[0]))
    exported = {name: node for _, names, _ in ordered for name, node in names.items()}
    lacking = exported.keys() - next(names for version, names, _ in ordered if version == baseline).keys()
    since = {}
    for name in sorted(lacking):
        node = VERSION_NODE.fullmatch(exported[name])
        since[name] = node[1] if node else next(version for version, names, _ in ordered if name in names)
    return {
        "versions": [version for version, _, _ in ordered],
        "exports": sorted(exported),
        "internals": sorted(frozenset[str]().union(*(internals for _, _, internals in ordered)) - exported.keys()),
        "since": since,
    }


def main() -> int:
    """Download, measure, and rewrite the row of libz."""
    with tempfile.TemporaryDirectory() as folder:
        environment = configure(Path(folder), SUITES, ["amd64"])
        names = {suite: (f"zlib1g:amd64/{suite}", f"zlib1g-dev:amd64/{suite}") for suite in SUITES}
        roots = unpack(Path(folder), [package for pair in names.values() for package in pair], environment)
        libraries = [measured(roots[shared], roots[static]) for shared, static in names.values()]
    content = json.loads(LIBRARIES.read_text(encoding="utf-8"))
    (row,) = (row for row in content["allowed"] if row["soname"] == SONAME)
    row.update(derive(libraries, row["baseline"]))
    LIBRARIES.write_text(render(content), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
