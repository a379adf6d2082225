"""Build files as data: what is read, and what is refused."""

import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.roots import pyconfig

from musl_audit.environment.pyconfig import macros_of, parse_pyconfig, parse_sysconfigdata

TEXTS = st.text(st.characters(codec="utf-8"))
KERNEL_MACROS = 19  # that the two real configurations differ in


def test_this_pythons_own_variables_are_read_as_they_are() -> None:
    """The real file, against what executing it gives."""
    folder = Path(sysconfig.get_path("stdlib"))
    path = next(folder.glob("_sysconfigdata_*.py"), None)
    if path is None:
        pytest.skip("this Python has no such file")
    values: dict[str, object] = {}
    exec(path.read_text(), values)  # noqa: S102

    assert parse_sysconfigdata(path.read_text()) == values["build_time_vars"]


@given(st.dictionaries(TEXTS, TEXTS | st.integers() | st.none()))
def test_every_flat_dictionary_is_read_as_python_writes_it(values: dict[str, str | int | None]) -> None:
    """Whatever characters are in the texts."""
    assert parse_sysconfigdata(f"# comment\nbuild_time_vars = {values!r}\n") == values


@given(st.text(st.sampled_from("{}[]()'\"\\\n,: 019abNone#-+"), max_size=40))
def test_no_text_is_an_error(text: str) -> None:
    """Anything else than a plain dictionary is None."""
    found = parse_sysconfigdata(f"build_time_vars = {{{text}")

    assert found is None or all(isinstance(key, str) for key in found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "variables = {'A': 1}\n",
        "build_time_vars = {'A': __import__('os')}\n",
        "build_time_vars = {'A': 1 + 1}\n",
        "build_time_vars = {'A': f'{1}'}\n",
        "build_time_vars = {**{}}\n",
        "build_time_vars = {'A': 1\n",
        "build_time_vars = dict(A=1)\n",
        "build_time_vars = {'A': " + "[" * 100_000 + "]" * 100_000 + "}\n",
        "build_time_vars = {'A': " + "-" * 100_000 + "1}\n",
        "build_time_vars = {'A': " + "(" * 10 + "1" + ")" * 10 + "}\n",
        "build_time_vars = {'A': '" + "\\" * 99_999 + "\n",
    ],
    ids=lambda text: text[:44],
)
def test_anything_else_than_plain_data_is_refused(text: str) -> None:
    """Calls, arithmetic, unpacking, and nesting that would exhaust the parser's stack."""
    assert parse_sysconfigdata(text) is None


def test_a_large_dictionary_takes_no_time() -> None:
    """Each character is looked at once."""
    text = "build_time_vars = {" + ", ".join(f"'HAVE_{number}': {number % 2}" for number in range(50_000)) + "}\n"

    assert len(parse_sysconfigdata(text) or ()) == 50_000


def test_undefined_macros_are_zero_among_the_variables() -> None:
    """That is how ``sysconfig`` parses ``pyconfig.h``."""
    assert macros_of({"HAVE_A": 1, "HAVE_B": 0, "HAVE_C": "1", "SOABI": "x"}) == {
        "HAVE_A": True,
        "HAVE_B": False,
        "HAVE_C": True,
    }


def test_the_real_configurations_differ_in_exactly_the_macros_of_kernel_headers() -> None:
    """Measured: CPython 3.11.2, configured against musl 1.2.3 with and without them."""
    with_headers, without = parse_pyconfig(pyconfig("with")), parse_pyconfig(pyconfig("without"))
    differing = {name for name in with_headers.keys() | without.keys() if with_headers.get(name) != without.get(name)}

    assert len(differing) == KERNEL_MACROS
    assert all(with_headers[name] and without[name] is False for name in differing)
