"""Where wheels are to load: what a Python that is there tells about its place."""

from pathlib import Path

import pytest
from tests.support.roots import MUSL_LOADER, Root, alpine, musl_loader

from musl_audit import load_catalog
from musl_audit.adapters.interpreter.python import read_interpreter
from musl_audit.adapters.tree import Tree
from musl_audit.workflows.places import distribution_of

CATALOG = load_catalog()


def system(path: Path, musl: str, release: str) -> Root:
    """Return a root that says it is *release* of Alpine."""
    root = alpine(path / "root", musl)
    root.file("/usr/lib/os-release", f"ID=alpine\nVERSION_ID={release}.4\n")
    return root


@pytest.mark.parametrize(
    ("musl", "release", "found"),
    [("1.2.2", "3.15", "alpine-3.15"), ("1.2.5", "3.15", None), ("1.2.2", "9.9", None)],
    ids=["its-own", "another-musl", "unknown"],
)
def test_a_python_of_a_distribution_is_on_that_distribution(
    musl: str, release: str, found: str | None, tmp_path: Path
) -> None:
    """Alpine 3.15 has qsort_r in its musl 1.2.2; a musl of another release is not the distribution's own."""
    tree = Tree(str(system(tmp_path, musl, release).path))

    row = distribution_of(tree, read_interpreter(tree, "/usr/bin/python3", CATALOG), CATALOG)

    assert (row.id if row else None) == found


def test_a_python_with_a_loader_of_its_own_is_on_no_distribution(tmp_path: Path) -> None:
    """Nobody patched that one for the distribution."""
    root = system(tmp_path, "1.2.2", "3.15").without(MUSL_LOADER)
    root.file("/opt/musl/libc.so", musl_loader("1.2.2")).link(MUSL_LOADER, "/opt/musl/libc.so")
    tree = Tree(str(root.path))
    found = read_interpreter(tree, "/usr/bin/python3", CATALOG)

    assert distribution_of(tree, found, CATALOG) is None
