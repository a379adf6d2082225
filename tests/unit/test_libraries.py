"""Libraries of a system, found as its loader would find them."""

from pathlib import Path

import pytest
from tests.support.repairs import INPUTS, library, sysroot
from tests.support.values import catalog

from musl_audit.adapters.libraries import SystemLibraries, split_paths
from musl_audit.adapters.tree import Tree
from musl_audit.errors import LibraryError

X86_64 = catalog().arches["x86_64"]


def put(root: Path, name: str, source: str = "libside.so") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(library(source))


def system(root: Path, **options: tuple[str, ...]) -> SystemLibraries:
    return SystemLibraries(Tree(str(root)), X86_64, added=options.get("added", ()), ldpaths=options.get("ldpaths"))


def test_the_order_of_the_search(tmp_path: Path) -> None:
    """LD_LIBRARY_PATH, then the path of the file, then the system's: /lib, /usr/local/lib, /usr/lib."""
    directories = ["usr/lib", "usr/local/lib", "lib", "usr/lib/deep", "opt"]
    found = []
    for directory in directories:
        put(tmp_path, f"{directory}/libx.so")
        libraries = system(tmp_path, **({"added": ("/opt",)} if directory == "opt" else {}))
        found.append(
            libraries.find("libx.so", ["/usr/lib/deep"] if directory in ("usr/lib/deep", "opt") else []).source
        )

    assert found == [f"/{directory}/libx.so" for directory in directories]


def test_ldpaths_replace_everything_else(tmp_path: Path) -> None:
    """The system's path and LD_LIBRARY_PATH; the path of the file counts below them only."""
    put(tmp_path, "usr/lib/libx.so")
    put(tmp_path, "opt/deep/liby.so")

    libraries = system(tmp_path, added=("/usr/lib",), ldpaths=("/opt",))

    with pytest.raises(LibraryError, match="not found in /opt;"):
        libraries.find("libx.so", ["/usr/lib"])
    assert libraries.find("liby.so", ["/opt/deep"]).source == "/opt/deep/liby.so"


def test_a_named_root_allows_no_path_of_a_wheel(tmp_path: Path) -> None:
    """Everything is below ``/``: naming it names the directory itself and nothing below it."""
    put(tmp_path, "home/secret/libx.so")

    with pytest.raises(LibraryError, match="not found"):
        system(tmp_path, added=("/",)).find("libx.so", ["/home/secret"])


def test_what_is_found_says_where(tmp_path: Path) -> None:
    """The file without links, and the directory of the search, which is what $ORIGIN means."""
    put(tmp_path, "usr/lib/real/libx.so.1.2")
    (tmp_path / "usr/lib/libx.so.1").symlink_to("real/libx.so.1.2")

    found = system(tmp_path).find("libx.so.1", [])

    assert (found.source, found.directory) == ("/usr/lib/real/libx.so.1.2", "/usr/lib")


def test_without_a_system_nothing_is_searched_but_what_is_named(tmp_path: Path) -> None:
    """A machine that is not musl's."""
    root = sysroot(tmp_path)

    with pytest.raises(LibraryError, match="this is no musl system; name one with --sysroot"):
        SystemLibraries(None, X86_64).find("libside.so", [str(root / "usr/lib")])
    assert SystemLibraries(None, X86_64, ldpaths=(str(root / "usr/lib"),)).find("libside.so", [])


def test_the_path_file_has_the_loaders_name(tmp_path: Path) -> None:
    """``ld-musl-i386.path`` for i686; other lines than absolute ones say nothing."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "ld-musl-i386.path").write_text("opt:/opt\x0b/x\n:\n/opt/lib\n")
    (tmp_path / "opt/lib").mkdir(parents=True)
    (tmp_path / "opt/lib/libside.so").write_bytes((INPUTS / "i686" / "libside.so").read_bytes())

    libraries = SystemLibraries(Tree(str(tmp_path)), catalog().arches["i686"])

    assert libraries.find("libside.so", []).source == "/opt/lib/libside.so"


def test_an_unreadable_path_file_is_told(tmp_path: Path) -> None:
    """Guessing the default would take libraries from where the loader does not look."""
    (tmp_path / "etc" / "ld-musl-x86_64.path").mkdir(parents=True)

    with pytest.raises(LibraryError, match="the search path of the loader cannot be read"):
        system(tmp_path)


@pytest.mark.parametrize("soname", ["", ".", "..", "a/b", "/etc/passwd", "a\\b", "a\0b", "a\nb", "a\u202eb", "\udcff"])
def test_a_name_that_is_not_plain_chooses_nothing(soname: str, tmp_path: Path) -> None:
    """Whatever is there."""
    with pytest.raises(LibraryError, match="not a plain file name"):
        system(tmp_path).find(soname, [])


def test_the_first_that_exists_ends_the_search(tmp_path: Path) -> None:
    """As in musl: one that cannot be mapped is an error, and the next directory is not tried."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libx.so").write_text("text")
    put(tmp_path, "usr/lib/libx.so")

    with pytest.raises(LibraryError, match="is no ELF library"):
        system(tmp_path).find("libx.so", [])


def test_split_paths() -> None:
    """Relative directories mean something else to every process."""
    assert split_paths(None) == ()
    assert split_paths("rel:/a::/b/") == ("/a", "/b/")
