"""One model of the system's search path, one reader of os-release: whoever asks gets the same answer."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.environments import interpreter
from tests.support.repairs import library
from tests.support.values import catalog

from musl_audit.adapters.interpreter.host import read_host
from musl_audit.adapters.interpreter.python import has_library, library_folders
from musl_audit.adapters.libraries import SystemLibraries
from musl_audit.adapters.packages import Packages
from musl_audit.adapters.tree import Tree
from musl_audit.errors import LibraryError
from musl_audit.frozen import replace as with_fields

LOADER_PATH = "etc/ld-musl-x86_64.path"
WOLFI = 'ID=wolfi\nNAME="Wolfi"\n'
APK = "P:zlib\nV:1.3.1-r0\nA:x86_64\nF:usr/lib\nR:libz.so.1\n"


def put(root: Path, name: str, data: bytes) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(data)


def folders_of(root: Path, runpath: str | None = None) -> tuple[str, ...]:
    """Return where ``env`` looks for what an interpreter's modules need."""
    found = interpreter()
    return library_folders(Tree(str(root)), replace(found, elf=with_fields(found.elf, runpath=runpath)))


def test_a_search_path_with_an_unknown_token_is_ignored_whole(tmp_path: Path) -> None:
    """musl gives up on the string at the first ``$`` that is not the origin's, so ``/opt/lib`` is not searched."""
    assert folders_of(tmp_path, "/opt/lib:$LIB/x:$ORIGINAL") == ("/lib", "/usr/local/lib", "/usr/lib")


def test_the_origin_is_the_programs(tmp_path: Path) -> None:
    """And what follows it is taken as it stands: ``$ORIGINAL`` is the origin and ``AL``."""
    assert folders_of(tmp_path, "$ORIGIN/../lib:${ORIGIN}AL:rel")[:2] == ("/usr/bin/../lib", "/usr/binAL")


@pytest.mark.parametrize(
    ("text", "is_found"), [("opt/lib\n", False), ("/opt/lib", True), ("/none:/opt/lib\n", True), ("", False)]
)
def test_repair_and_env_read_the_path_file_alike(tmp_path: Path, text: str, *, is_found: bool) -> None:
    """A relative entry depends on a working directory that nobody knows; an empty file means nowhere."""
    put(tmp_path, LOADER_PATH, text.encode())
    put(tmp_path, "opt/lib/libside.so", library("libside.so"))
    tree = Tree(str(tmp_path))

    by_env = has_library(tree, folders_of(tmp_path), "libside.so")
    try:
        by_repair = bool(SystemLibraries(tree, catalog().arches["x86_64"]).find("libside.so", ()))
    except LibraryError:
        by_repair = False

    assert (by_env, by_repair) == (is_found, is_found)


@pytest.mark.parametrize("place", ["etc/os-release", "usr/lib/os-release"])
def test_a_system_has_one_name(tmp_path: Path, place: str) -> None:
    """For ``env`` and in a bill of materials: os-release(5) lets it lie in either place."""
    put(tmp_path, place, WOLFI.encode())
    put(tmp_path, "lib/apk/db/installed", APK.encode())
    tree = Tree(str(tmp_path))

    told = read_host(tree, catalog()).os_release

    assert told is not None
    assert (told.id, Packages(tree).owner_of("/usr/lib/libz.so.1")) == (
        "wolfi",
        "pkg:apk/wolfi/zlib@1.3.1-r0?arch=x86_64",
    )
