"""What a wheel may rely on outside itself, whose a symbol is, and what to do about it."""

from fnmatch import fnmatchcase

import pytest
from tests.support.policies import shipped

from musl_audit.adapters.catalogs import load_catalog

CATALOG = load_catalog()
LIBZ = CATALOG.allowed_libraries["libz.so.1"]
MUSL = frozenset[str]().union(*(CATALOG.symbols(arch).names for arch in CATALOG.arches))
SINCE_SOME_RELEASE = frozenset(
    name for name in MUSL if 0 < len(CATALOG.symbols("x86_64").releases_with(name)) < len(CATALOG.releases)
)


@pytest.mark.parametrize("symbol", ["inflate", "deflateInit2_", "crc32", "gzopen64", "zlibVersion", "adler32_z"])
def test_libz_has_what_its_header_declares(symbol: str) -> None:
    """``inflate`` is never called unknown."""
    assert symbol in LIBZ.exports
    assert symbol not in LIBZ.since


@pytest.mark.parametrize("symbol", ["crc32_combine_gen", "crc32_combine_gen64", "crc32_combine_op"])
def test_libz_got_symbols_after_its_baseline(symbol: str) -> None:
    """Alpine 3.13 ships 1.2.11, which does not have them."""
    assert (LIBZ.baseline, LIBZ.since[symbol]) == ("1.2.11", "1.2.12")


def test_internals_of_libz_are_not_exported() -> None:
    """A reference to one binds to nobody."""
    assert {"inflate_fast", "_tr_init", "zcalloc", "deflate_copyright"} <= LIBZ.internals
    assert not LIBZ.internals & LIBZ.exports


def test_python_provides_its_api() -> None:
    """Told by the prefix, whatever the version."""
    assert CATALOG.provided_by_interpreter("PyModule_Create2")
    assert CATALOG.provided_by_interpreter("_Py_Dealloc")
    assert not CATALOG.provided_by_interpreter("malloc")


def test_names_of_python_are_settled_once_somebody_asked() -> None:
    """For a file that Python loads; one without an interpreter has to find them elsewhere."""
    catalog = load_catalog()
    before = "PyLong_AsLong" in catalog.settled_names("x86_64", has_interpreter=True)

    assert catalog.interpreter_names(["PyLong_AsLong", "malloc", "png_init"]) == {"PyLong_AsLong"}

    assert not before
    assert all("PyLong_AsLong" in catalog.settled_names(arch, has_interpreter=True) for arch in ("x86_64", "i686"))
    assert "malloc" in catalog.settled_names("x86_64", has_interpreter=True)
    assert not {"PyLong_AsLong", "png_init"} & catalog.settled_names("x86_64", has_interpreter=False)


def test_no_more_names_are_remembered_than_python_could_have() -> None:
    """A wheel may name a million of them."""
    catalog = load_catalog()
    names = {f"Py{number}" for number in range(50_000)}

    assert catalog.interpreter_names(names) == names
    assert "Py1" not in catalog.settled_names("x86_64", has_interpreter=True)


@pytest.mark.parametrize(
    "symbol",
    ["gnu_get_libc_version", "__printf_chk", "backtrace", "argp_parse", "__isoc23_strtol", "_dl_find_object"],
)
def test_glibcs_names_are_known(symbol: str) -> None:
    """From Debian's libc6, old and new."""
    assert CATALOG.glibc_name(symbol)


@pytest.mark.parametrize(
    "symbol", ["malloc", "qsort_r", "open64", "__xstat", "inflate", "ZSTD_compress", "crypt_gensalt"]
)
def test_a_name_that_musl_has_or_that_is_anothers_is_not_glibcs(symbol: str) -> None:
    """crypt_gensalt is libxcrypt's, which merely replaced glibc's libcrypt."""
    assert not CATALOG.glibc_name(symbol)


def test_no_glibc_name_is_in_any_musl() -> None:
    """Run tools.policies.derive_glibc again when a musl release gains one of them."""
    names = shipped("glibc.json")["names"]
    assert isinstance(names, list)
    assert not MUSL.intersection(names)


@pytest.mark.parametrize(
    ("symbol", "word"),
    [
        ("__memcpy_chk", "-U_FORTIFY_SOURCE"),
        ("__fdelt_chk", "-U_FORTIFY_SOURCE"),
        ("backtrace_symbols_fd", "libexecinfo"),
        ("fts_open", "musl-fts"),
        ("argp_parse", "argp-standalone"),
        ("_obstack_newchunk", "musl-obstack"),
        ("swapcontext", "libucontext"),
        ("rpmatch", "musl-rpmatch"),
        ("mallinfo2", "__GLIBC__"),
        ("dlvsym", "dlsym"),
        ("canonicalize_file_name", "realpath"),
        ("error_at_line", "<err.h>"),
        ("__res_nsearch", "resolver"),
        ("__libc_fatal", "private to glibc"),
        ("qsort_r", "1.2.3"),
    ],
)
def test_hints_say_what_to_do(symbol: str, word: str) -> None:
    """The first row that matches, so special names come before patterns."""
    assert word in CATALOG.hint_for(symbol)


def test_there_is_no_hint_for_what_nobody_knows() -> None:
    """Silence is better than a guess."""
    assert not CATALOG.hint_for("frobnicate")


def hint_patterns() -> list[str]:
    rows = shipped("hints.json")["hints"]
    assert isinstance(rows, list)
    return [pattern for row in rows for pattern in row["names"]]


@pytest.mark.parametrize("pattern", hint_patterns())
def test_every_hint_is_about_a_symbol_that_some_musl_lacks(pattern: str) -> None:
    """A hint about nothing, or about what every musl has, is a mistake or out of date."""
    names = shipped("glibc.json")["names"]
    assert isinstance(names, list)
    assert any(fnmatchcase(name, pattern) for name in SINCE_SOME_RELEASE.union(names))


def test_hints_that_name_a_release_name_the_right_one() -> None:
    """`in musl from X on` is read off the symbol tables."""
    table = CATALOG.symbols("x86_64")
    for name in sorted(SINCE_SOME_RELEASE):
        hint = CATALOG.hint_for(name)
        if "in musl from" in hint:
            assert f"in musl from {min(table.releases_with(name))} on" in hint
