"""Libraries of a system, found as its loader would find them."""

from pathlib import Path

import pytest
from tests.support.repairs import INPUTS, library, sysroot
from tests.support.values import catalog

from musl_audit.adapters.libraries import SystemLibraries, split_paths
from musl_audit.adapters.tree import Tree
from musl_audit.errors import LibraryError
from musl_audit.wheel.ports import SearchEntry

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
            libraries.find(
                "libx.so", [SearchEntry("/usr/lib/deep")] if directory in ("usr/lib/deep", "opt") else []
            ).source
        )

    assert found == [f"/{directory}/libx.so" for directory in directories]


def test_ldpaths_replace_everything_else(tmp_path: Path) -> None:
    """The system's path and LD_LIBRARY_PATH; the path of the file counts below them only."""
    put(tmp_path, "usr/lib/libx.so")
    put(tmp_path, "opt/deep/liby.so")

    libraries = system(tmp_path, added=("/usr/lib",), ldpaths=("/opt",))

    with pytest.raises(LibraryError, match="not found in /opt; RPATH /usr/lib was not searched: add it with --ldpaths"):
        libraries.find("libx.so", [SearchEntry("/usr/lib", is_of_wheel=True)])
    assert libraries.find("liby.so", [SearchEntry("/opt/deep", is_of_wheel=True)]).source == "/opt/deep/liby.so"


def test_a_named_root_allows_no_path_of_a_wheel(tmp_path: Path) -> None:
    """Everything is below ``/``: naming it names the directory itself and nothing below it."""
    put(tmp_path, "home/secret/libx.so")

    with pytest.raises(LibraryError, match="not found"):
        system(tmp_path, added=("/",)).find("libx.so", [SearchEntry("/home/secret", is_of_wheel=True)])


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
        SystemLibraries(None, X86_64).find("libside.so", [SearchEntry(str(root / "usr/lib"), is_of_wheel=True)])
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


def test_what_cannot_be_linked_with_is_passed_over(tmp_path: Path) -> None:
    """As the linker does: a script, another architecture, glibc's; each is told with the reason."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libx.so").write_text("INPUT(libx.so.1)")
    (tmp_path / "usr/local/lib").mkdir(parents=True)
    (tmp_path / "usr/local/lib/libx.so").write_bytes((INPUTS / "aarch64" / "libside.so").read_bytes())
    put(tmp_path, "usr/lib/libx.so")

    found = system(tmp_path).find("libx.so", [])

    assert found.source == "/usr/lib/libx.so"
    assert [line.partition(": ")[0].partition(" is ")[0] for line in found.passed_over] == [
        "/lib/libx.so",
        "/usr/local/lib/libx.so",
    ]
    assert "no ELF library" in found.passed_over[0]
    assert "another architecture than x86_64" in found.passed_over[1]


def test_where_nothing_fits_the_first_reason_is_told(tmp_path: Path) -> None:
    """There is a file of that name, so "not found" would be no help."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libx.so").write_text("text")

    with pytest.raises(LibraryError, match="is no ELF library"):
        system(tmp_path).find("libx.so", [])


def test_a_wheel_is_believed_where_it_may_have_been_built(tmp_path: Path) -> None:
    """On a musl host, or in a sysroot; elsewhere its path is told as one that was not searched."""
    put(tmp_path, "opt/foo/lib/libx.so")
    entries = [SearchEntry("/opt/foo/lib", is_of_wheel=True)]
    builder = SystemLibraries(Tree(str(tmp_path)), X86_64, believes_wheels=True)

    assert builder.find("libx.so", entries).source == "/opt/foo/lib/libx.so"
    with pytest.raises(LibraryError, match=r"; RPATH /opt/foo/lib was not searched: add it with LD_LIBRARY_PATH$"):
        system(tmp_path).find("libx.so", entries)


def test_a_library_of_the_system_is_always_believed(tmp_path: Path) -> None:
    """It was built there; and it was found in a directory that the user named."""
    put(tmp_path, "opt/deep/libx.so")

    found = system(tmp_path, ldpaths=("/usr/lib",)).find("libx.so", [SearchEntry("/opt/deep")])

    assert found.source == "/opt/deep/libx.so"


def test_split_paths() -> None:
    """Relative directories mean something else to every process."""
    assert split_paths(None) == ()
    assert split_paths("rel:/a::/b/") == ("/a", "/b/")


def test_a_search_path_of_100_000_entries_is_searched_and_told_in_one_line(tmp_path: Path) -> None:
    """Whoever wrote it."""
    entries = [SearchEntry(f"/{number}") for number in range(100_000)]
    put(tmp_path, "99999/libx.so")

    assert system(tmp_path).find("libx.so", entries).source == "/99999/libx.so"
    with pytest.raises(LibraryError) as caught:
        system(tmp_path).find("liby.so", entries)
    assert len(str(caught.value)) < 300
