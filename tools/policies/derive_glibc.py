"""
Write policies/glibc.json: the names that glibc exports and no musl does, from Debian's packages.

Run from the root of the repository, whenever a musl release is added: ``python -m tools.policies.derive_glibc``.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tools.evidence.debian import configure, unpack
from tools.policies.dynamic_symbols import exports

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.policy.render import render

GLIBC = Path(__file__).parents[2] / "policies" / "glibc.json"
SUITES = ("bullseye", "trixie")  # glibc 2.31, before libpthread and others were merged into libc, and 2.41
ARCHES = ("amd64", "i386", "arm64", "armhf")
PACKAGES = ("libc6", "libcrypt1")
LIBRARIES = ("ld-linux*.so.*", "lib[!n]*.so.*", "libnsl.so.*")  # without the plugins for name services


def names_of(roots: Iterable[Path]) -> frozenset[str]:
    """Return the symbols with a version of glibc's that the libraries below *roots* export."""
    libraries = {path.resolve() for root in roots for pattern in LIBRARIES for path in root.rglob(pattern)}
    return frozenset(
        name
        for library in libraries
        if library.is_file()
        for name, version in exports(library).items()
        if version.startswith("GLIBC_")
    )


def main() -> int:
    """Download, measure, and write the names that no known musl exports on any architecture."""
    catalog = load_catalog()
    musl = frozenset[str]().union(*(catalog.symbols(arch).names for arch in catalog.arches))
    packages = [f"{package}:{arch}/{suite}" for package in PACKAGES for arch in ARCHES for suite in SUITES]
    with tempfile.TemporaryDirectory() as folder:
        environment = configure(Path(folder), SUITES, ARCHES)
        names = names_of(unpack(Path(folder), packages, environment).values())
    content = {
        "$schema": "schema/glibc.schema.json",
        "provenance": "libc6 and libcrypt1 of Debian 11 (glibc 2.31) and 13 (2.41) on amd64, i386, arm64 and armhf: "
        "the dynamic symbols with a GLIBC_ version that no known musl exports",
        "names": sorted(names - musl),
    }
    GLIBC.write_text(render(content), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
