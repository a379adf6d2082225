"""
Write what Debian changes in musl into policies/distributions.json: the symbols that its libc.so has more, or lacks.

Measured of the loaders that ``tools.evidence.loaders`` derives from Debian's packages and pins by digest, for every
architecture that is here; ``--fetch`` derives them anew. A symbol is in a row where each architecture says so.

Run from the root of the repository: ``python -m tools.policies.derive_debian``.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tools.evidence.loaders import derive, is_kept, read_manifest
from tools.policies.dynamic_symbols import exports

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.model import MuslVersion
from musl_audit.policy import Catalog
from musl_audit.policy.render import render

DISTRIBUTIONS = Path(__file__).parents[2] / "policies" / "distributions.json"
FIRST_WORD = "Debian"
Measured = dict[str, list[tuple[str, Path]]]  # release: architecture and libc.so of each build


def kept() -> Measured:
    """Return the loaders that are here, as pinned."""
    found: Measured = defaultdict(list)
    for file in read_manifest():
        if is_kept(file):
            found[file.release].append((file.arch, file.path))
    return found


def fetched(folder: Path) -> Measured:
    """Return the loaders of Debian's packages of today, unpacked below *folder*."""
    found: Measured = defaultdict(list)
    for file, path in derive(folder).items():
        found[file.release].append((file.arch, path))
    return found


def changes(release: str, builds: Iterable[tuple[str, Path]], catalog: Catalog) -> dict[str, list[str]]:
    """Return the two fields of a row, without those that would be empty."""
    version = MuslVersion.parse(release)
    added, removed = [], []
    for arch, path in builds:
        own, musl = frozenset(exports(path)), catalog.symbols(arch).exports_of(version)
        added.append(own - musl)
        removed.append(musl - own)
    fields = {"symbols_added": added, "symbols_removed": removed}
    common = {name: sorted(frozenset.intersection(*sets)) for name, sets in fields.items() if sets}
    return {name: symbols for name, symbols in common.items() if symbols}


def main() -> int:
    """Measure, and rewrite the rows; return 1 where one was another before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fetch", action="store_true", help="derive the loaders from Debian's packages again")
    is_fetching = parser.parse_args().fetch
    catalog, content = load_catalog(), json.loads(DISTRIBUTIONS.read_text(encoding="utf-8"))
    before = json.dumps(content)
    with tempfile.TemporaryDirectory() as folder:
        measured = fetched(Path(folder)) if is_fetching else kept()
        for row in content["distributions"]:
            if row["name"].startswith(FIRST_WORD) and measured.get(row["musl"]):
                builds = measured[row["musl"]]
                said = changes(row["musl"], builds, catalog)
                print(f"{row['id']}: musl {row['musl']} on {', '.join(sorted(arch for arch, _ in builds))}: {said}")
                row.pop("symbols_added", None)
                row.pop("symbols_removed", None)
                row.update(said)
    DISTRIBUTIONS.write_text(render(content), encoding="utf-8")
    return int(json.dumps(content) != before)


if __name__ == "__main__":
    sys.exit(main())
