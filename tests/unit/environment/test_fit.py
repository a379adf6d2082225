"""Whether an installer takes a wheel."""

import pytest
from tests.support.environments import GLIBC, interpreter, on_musl, target

from musl_audit.environment.fit import Fit, fit
from musl_audit.environment.values import Interpreter
from musl_audit.loader.libc_names import Libc
from musl_audit.wheel.names import parse_wheel_name

MUSL_1_2 = "cp312-cp312-musllinux_1_2_x86_64"


def fit_of(name: str, found: Interpreter | None = None, requires: str | None = None) -> Fit:
    """Return whether *found* takes ``demo-1.0-NAME.whl``."""
    asked = target(found or interpreter())
    parsed = parse_wheel_name(f"demo-1.0-{name}.whl")
    return fit(parsed, asked.interpreter, asked.accepted, asked.platforms, requires)


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("cp312-cp312-musllinux_1_2_x86_64", "cp312-cp312-musllinux_1_2_x86_64"),
        ("cp312-cp312-musllinux_1_1_x86_64.musllinux_1_2_x86_64", "cp312-cp312-musllinux_1_2_x86_64"),
        ("cp38.cp312-abi3-musllinux_1_0_x86_64", "cp312-abi3-musllinux_1_0_x86_64"),
        ("cp39-abi3-musllinux_1_2_x86_64", "cp39-abi3-musllinux_1_2_x86_64"),
        ("cp312-cp312-linux_x86_64", "cp312-cp312-linux_x86_64"),
        ("py2.py3-none-any", "py3-none-any"),
        ("py3-none-manylinux_2_17_x86_64.musllinux_1_1_x86_64", "py3-none-musllinux_1_1_x86_64"),
    ],
)
def test_the_best_tag_is_told(name: str, tag: str) -> None:
    """Of several, the one that installers prefer."""
    assert fit_of(name) == Fit(installs=True, tag=tag)


@pytest.mark.parametrize(
    ("name", "found", "why"),
    [
        ("cp311-cp311-musllinux_1_2_x86_64", {}, "it is for cp311-cp311, and this is CPython 3.12.4"),
        ("cp313-abi3-musllinux_1_2_x86_64", {}, "it is for cp313-abi3, and this is CPython 3.12.4"),
        ("cp312-cp312-musllinux_1_2_aarch64", {}, "it is for aarch64"),
        ("cp312-cp312-manylinux_2_17_x86_64", {}, "for glibc (manylinux_2_17_x86_64), and this Python runs on musl"),
        (MUSL_1_2, {"loader": on_musl("1.1.24")}, "for musl 1.2, and this Python runs on musl 1.1.24"),
        ("cp312-cp312-musllinux_1_2_x86_64", {"libc": Libc.GLIBC, "loader": GLIBC}, "and this Python runs on glibc"),
        ("cp312-cp312-musllinux_1_2_x86_64", {"libc": Libc.STATIC, "loader": None}, "and this Python is static"),
        ("cp312-cp312-musllinux_1_2_x86_64", {"loader": on_musl("?")}, "which musl this Python runs on is not known"),
        ("cp312-cp312-macosx_11_0_arm64", {}, "it is for macosx_11_0_arm64, which this Python does not accept"),
        ("cp314-cp314-musllinux_1_2_x86_64", {"version": "3.14.1", "is_free_threaded": True}, "free-threaded CPython"),
        ("cp311.cp312-cp311-musllinux_1_2_x86_64", {}, "it is for cp311-cp311/cp312-cp311, and this is CPython"),
    ],
)
def test_a_refusal_says_what_stands_in_the_way(name: str, found: dict[str, object], why: str) -> None:
    """The platform first: people can install another Python more easily than another libc."""
    answer = fit_of(name, interpreter(**found))

    assert answer.installs is False
    assert why in answer.why_not


@pytest.mark.parametrize(
    ("requires", "version", "installs"),
    [
        (">=3.9", "3.12.4", True),
        (">=3.13", "3.12.4", False),
        (">=3.8,!=3.12.4", "3.12.4", False),
        (">=3.12.2", "3.12", True),
        (">=3.13", "3.12", False),
        ("nonsense", "3.12.4", True),
        (None, "3.12.4", True),
        (">=3.12", "3.12.0rc1", True),
    ],
)
def test_the_metadata_may_refuse_a_version(requires: str | None, version: str, installs: bool) -> None:
    """pip looks at Requires-Python too; where an unknown patch level decides, nothing is refused."""
    assert fit_of("py3-none-any", interpreter(version=version), requires).installs is installs


@pytest.mark.parametrize("facts", [{"implementation": "pypy"}, {"version": None}, {"arch": None}])
def test_what_is_not_known_is_not_answered(facts: dict[str, object]) -> None:
    """Neither yes nor no."""
    assert fit_of("py3-none-any", interpreter(**facts)).installs is None


def test_a_file_whose_name_is_no_wheels_is_refused() -> None:
    """pip says so, too."""
    asked = target(interpreter())

    assert fit(None, asked.interpreter, asked.accepted, asked.platforms).installs is False
